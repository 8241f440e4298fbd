"""Makes the Dockerfile's image without Docker, runs the server in it as a platform would, talks to it and stops it.

Run as root in a mount namespace of its own, by scripts/check-container, with an empty folder and the program that the first stage builds.
"""

import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import image
from image import expect, megabytes

# What the image may have, unpacked.
LIMIT = 120_000_000


def passed(subject, evidence):
    print(f"PASS  {subject:<28} {evidence}", flush=True)


class Server:
    """The server as process 1 of a namespace."""

    def __init__(self, container, command, own, log):
        words = container.words(command)
        with open(log, "wb") as file:
            self.unshare = subprocess.Popen(
                ["unshare", "--pid", "--ipc", "--uts", "--fork", "--kill-child", *words],
                env=container.variables(own), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            )

    @property
    def process_id(self):
        return int(pathlib.Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children").read_text().split()[0])

    def end(self, number):
        os.kill(self.process_id, number)
        return self.unshare.wait(60)


class Client:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        self.token = None

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.base + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def json(self, method, path, body=None):
        status, text = self.call(method, path, body)
        expect(status in (200, 201), f"{method} {path} answered {status}")
        return json.loads(text)


def talk(client):
    """Two people register, one logs in again and writes, the other reads it."""
    password = secrets.token_hex(8)
    people = {}
    for name in ("ada", "bob"):
        people[name] = client.json("POST", "/api/auth/register", {"username": name, "password": password})
    session = client.json("POST", "/api/auth/login", {"username": "ada", "password": password})
    client.token = session["token"]
    sent = client.json(
        "POST", "/api/messages", {"recipientId": people["bob"]["user"]["userId"], "content": "out of a container", "clientMessageId": "1"}
    )
    client.token = people["bob"]["token"]
    conversation = sent["message"]["conversationId"]
    history = client.json("GET", f"/api/conversations/{conversation}/messages")
    expect([message["content"] for message in history["messages"]] == ["out of a container"], "the message is not in the history")
    passed("register, log in, message", f"seq {sent['message']['seq']} read by the other")
    status, page = client.call("GET", "/")
    expect(status == 200 and b"<!doctype html>" in page[:200].lower(), f"GET / answered {status}")
    scripts = re.findall(rb'src="(/[^"]+\.js)"', page)
    expect(scripts and all(client.call("GET", script.decode())[0] == 200 for script in scripts), "the page's scripts are not there")
    passed("web client", f"{len(page)} bytes and {len(scripts)} script" + ("s" if len(scripts) != 1 else ""))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(container, command, own, **options):
    return subprocess.run(
        container.words(command), env=container.variables(own), capture_output=True, text=True, stdin=subprocess.DEVNULL, **options
    )


def look_at(container):
    """What is in it, and that the program finds it."""
    whole = image.size(container.root)
    program = os.path.getsize(container.root / "usr/local/bin/switchboard")
    expect(whole <= LIMIT, f"the image has {megabytes(whole)}, more than {megabytes(LIMIT)}")
    passed("size", f"{megabytes(whole)} with everything, unpacked; the program {megabytes(program)}")
    container.seal()
    loader = next(path for path in container.root.glob("lib*/ld-linux-*.so.*"))
    listed = run(container, [f"/{loader.relative_to(container.root)}", "--list", "/usr/local/bin/switchboard"], {})
    libraries = listed.stdout
    expect(listed.returncode == 0 and "not found" not in libraries, f"libraries are missing:\n{libraries}{listed.stderr}")
    authorities = (container.root / "usr/lib/ssl/cert.pem").readlink()
    count = (container.root / str(authorities).lstrip("/")).read_text().count("BEGIN CERTIFICATE")
    expect(count > 100, f"{authorities} has {count} certificates")
    passed("authorities", f"{count} certificates")
    expect("libswift" not in libraries, f"the Swift libraries are not in the program:\n{libraries}")
    passed("libraries", f"{len(libraries.splitlines())}, all there, none of Swift")
    usage = run(container, ["switchboard", "--help"], {})
    expect(usage.returncode == 0, f"switchboard --help ended with {usage.returncode}: {usage.stderr}")
    refused = run(container, ["switchboard", "serve"], {})
    expect(refused.returncode == 78 and "JWT_SECRET" in refused.stderr, f"without a secret it ended with {refused.returncode}: {refused.stderr}")
    passed("without JWT_SECRET", "status 78")


def talk_to(container, folder):
    """Runs the server, is one of its clients and stops it."""
    stage = image.stages()[1]
    # The platform gives secrets as files; the port is another one, as this machine's may be taken.
    secret = container.root / "var/lib/switchboard/jwt_secret"
    secret.write_text(secrets.token_hex(32) + "\n")
    own = {"PORT": str(free_port()), "JWT_SECRET_FILE": "/var/lib/switchboard/jwt_secret", "DRAIN_SECONDS": "2"}
    secret.chmod(0o444)
    healthcheck, options = stage.healthcheck
    server = Server(container, stage.command, own, folder / "server.log")
    try:
        began = time.monotonic()
        while True:
            health = run(container, healthcheck, own, timeout=options["timeout"])
            if health.returncode == 0:
                break
            log = (folder / "server.log").read_text()
            expect(server.unshare.poll() is None, f"the server ended with {server.unshare.returncode}: {log[-2000:]}")
            expect(time.monotonic() - began < options["start-period"], f"not healthy within the start period: {health.stderr}{log[-2000:]}")
            time.sleep(0.1)
        passed("HEALTHCHECK", f"{health.stdout.strip()} after {time.monotonic() - began:.1f} s")
        status = pathlib.Path(f"/proc/{server.process_id}/status").read_text()
        identity = dict(line.split(":", 1) for line in status.splitlines())
        expect(identity["Uid"].split() == [str(stage.user[0])] * 4, f"the server runs as {identity['Uid']}")
        expect(identity["NSpid"].split()[-1] == "1" and int(identity["CapEff"], 16) == 0, "the server is not a process 1 without capabilities")
        passed("process", f"1 of its namespace, user {stage.user[0]}, no capability, read-only root")
        talk(Client(own["PORT"]))
        began = time.monotonic()
        code = server.end(getattr(signal, stage.last("STOPSIGNAL")))
        expect(code == 0, f"after {stage.last('STOPSIGNAL')} it ended with {code}: {(folder / 'server.log').read_text()[-2000:]}")
        passed(stage.last("STOPSIGNAL"), f"status 0 after {time.monotonic() - began:.1f} s")
        gone = run(container, healthcheck, own, timeout=options["timeout"])
        expect(gone.returncode == 1, f"the health check of a server that is gone ended with {gone.returncode}")
        passed("HEALTHCHECK afterwards", gone.stderr.strip())
    finally:
        if server.unshare.poll() is None:
            server.unshare.kill()


def main(folder, program):
    folder = pathlib.Path(folder)
    debian = image.Debian(folder / "files")
    debian.root.mkdir()
    debian.make(image.Archive(image.suite()))
    container = image.make(debian, program, folder / "root")
    image.say("checking the image and running the server in it")
    look_at(container)
    talk_to(container, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
