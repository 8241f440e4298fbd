"""The Dockerfile's stages after the build without Docker: their base by debootstrap, their steps in it, the image out of that, and then the
server in namespaces of its own.

Run as root in a mount namespace of its own, by scripts/check-container, with an empty folder and the program that the first stage builds.
"""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import dockerfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What the image may have, unpacked.
LIMIT = 120_000_000
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What the slim images leave out of every package.
SLIM = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/groff/*
"""


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def passed(subject, evidence):
    print(f"PASS  {subject:<28} {evidence}", flush=True)


def expect(condition, text):
    if not condition:
        raise SystemExit(f"FAIL  {text}")


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout


class Archive:
    """Where this machine gets its Debian packages, and how."""

    def __init__(self, suite):
        self.suite = suite
        self.sources = []
        if shutil.which("apt-get"):
            for release in (suite, f"{suite}-updates", f"{suite}-security"):
                found = output("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Suite: {release}") or output(
                    "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", f"Codename: {release}"
                )
                self.sources += [(uri, release) for uri in dict.fromkeys(found.split()) if "debian" in uri][:1]
        if not self.sources or self.sources[0][1] != suite:
            self.sources = [("http://deb.debian.org/debian/", suite)]

    @property
    def mirror(self):
        return self.sources[0][0]

    def set_up(self, root):
        (root / "etc/apt/sources.list").write_text("".join(f"deb {uri} {release} main\n" for uri, release in self.sources))
        if shutil.which("apt-config"):
            # A proxy, say; nothing that runs a program.
            options = [line for line in output("apt-config", "dump").splitlines() if re.match(r"Acquire::(http|https|Check)", line)]
            (root / "etc/apt/apt.conf.d/90this-machine").write_text("\n".join(options) + "\n")

    def forget(self, root):
        (root / "etc/apt/apt.conf.d/90this-machine").unlink(missing_ok=True)


def size(folder):
    """In bytes, as du counts."""
    return int(output("du", "-sxk", str(folder)).split()[0]) * 1024


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


class Base:
    """The stage that the image's files are put together in."""

    def __init__(self, root, stage):
        self.root = root
        self.stage = stage

    def make(self, archive, program):
        suite = archive.suite
        say(f"a base of {suite} by debootstrap")
        with open(self.root.parent / "debootstrap.log", "wb") as log:
            made = subprocess.run(
                ["debootstrap", "--variant=minbase", suite, str(self.root), archive.mirror], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        expect(made.returncode == 0, f"debootstrap: {(self.root.parent / 'debootstrap.log').read_text()[-2000:]}")
        self.slim()
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        archive.set_up(self.root)
        for left_over in ("var/lib/apt/lists", "var/cache/apt"):
            shutil.rmtree(self.root / left_over, ignore_errors=True)
            (self.root / left_over).mkdir(parents=True)
        folder = "/"
        for instruction, text in self.stage.steps:
            if instruction == "RUN":
                say(f"RUN {text[:100]}")
                environment = {"PATH": SEARCH_PATH, "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
                words = ["chroot", str(self.root), "/bin/sh", "-c", f"cd {folder} && {{ {text}\n}}"]
                ended = subprocess.run(words, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
                expect(ended.returncode == 0, f"RUN {text}: {ended.stdout[-1000:]}{ended.stderr[-2000:]}")
            elif instruction == "COPY":
                source, target = text.split()[-2:]
                expect(text.startswith("--from=build "), f"COPY {text}: only what the first stage has built is copied")
                expect(source == "/out/switchboard", f"COPY {text}: the first stage leaves /out/switchboard")
                shutil.copy(program, self.root / target.lstrip("/"))
            elif instruction == "WORKDIR":
                folder = text
                (self.root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def slim(self):
        """Leaves out of the base what the slim images leave out of it, and has later packages leave it out too."""
        (self.root / "etc/dpkg/dpkg.cfg.d/docker").write_text(SLIM)
        for line in SLIM.splitlines():
            action, pattern = line.split()
            for path in self.root.glob(pattern.lstrip("/")) if action == "path-exclude" else ():
                if path.is_dir() and not path.is_symlink() and "usr/share/doc/" in str(path):
                    for file in path.rglob("*"):
                        if not file.is_dir() and file.name != "copyright":
                            file.unlink()
                elif path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()


class Container:
    """The image, which is nothing but what is copied into it, and what runs in it."""

    def __init__(self, root, stage):
        self.root = root
        self.stage = stage

    def make(self, files):
        """Copies what the stage copies, and returns how large it is."""
        for text in self.stage.all("COPY"):
            *options, source, target = text.split()
            expect(options and options[0] == "--from=files", f"COPY {text}: only what the stage before has put together is copied")
            owner = [option.removeprefix("--chown=") for option in options if option.startswith("--chown=")] or ["0:0"]
            place = self.root / target.lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            output("cp", "--recursive", "--no-dereference", "--preserve=mode", f"{files}{source}/.", str(place))
            output("chown", "--recursive", "--no-dereference", owner[0], str(place))
        return size(self.root)

    def words(self, command):
        """A command as the platform runs it: another root, that is read-only but for the volume, no capability, not root."""
        user, group = self.stage.user
        identity = ["chroot", f"--userspec={user}:{group}", "--groups=", str(self.root)]
        return ["setpriv", "--no-new-privs", "--inh-caps=-all", "--", *identity, *command]

    def environment(self, own):
        return {"PATH": SEARCH_PATH, "HOME": "/var/lib/switchboard", **self.stage.environment, **own}

    def run(self, command, own, **options):
        return subprocess.run(
            self.words(command), env=self.environment(own), capture_output=True, text=True, stdin=subprocess.DEVNULL, **options
        )

    def seal(self):
        """As compose.yaml has it: nothing can be written but the volume. Devices and the like are the platform's."""
        subprocess.run(["mount", "--bind", str(self.root), str(self.root)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=750,uid=10001,gid=10001", "tmpfs", str(self.root / "var/lib/switchboard")], check=True)
        for folder in ("proc", "dev/shm"):
            (self.root / folder).mkdir(parents=True)
        subprocess.run(["mount", "-t", "proc", "proc", str(self.root / "proc")], check=True)
        for device in ("null", "zero", "random", "urandom"):
            (self.root / "dev" / device).touch()
            subprocess.run(["mount", "--bind", f"/dev/{device}", str(self.root / "dev" / device)], check=True)
        # Platforms give 64 MB of it.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777,size=64m", "tmpfs", str(self.root / "dev/shm")], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(self.root)], check=True)


class Server:
    """The server as process 1 of a namespace."""

    def __init__(self, container, own, log):
        self.log = log
        words = container.words(container.stage.command)
        with open(log, "wb") as file:
            self.unshare = subprocess.Popen(
                ["unshare", "--pid", "--ipc", "--uts", "--fork", "--kill-child", *words],
                env=container.environment(own), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
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


def main(folder, program):
    *_, files, stage = dockerfile.read(ROOT / "Dockerfile")
    expect((files.name, stage.base) == ("files", "scratch"), "the last stage is not made of files alone")
    suite = re.fullmatch(r"debian:(\w+)-slim", files.base).group(1)
    folder = pathlib.Path(folder)
    base = Base(folder / "files", files)
    base.root.mkdir()
    base.make(Archive(suite), program)
    container = Container(folder / "root", stage)
    container.root.mkdir()
    whole = container.make(base.root)
    container.seal()

    loader = next(path for path in container.root.glob("lib*/ld-linux-*.so.*"))
    listed = container.run([f"/{loader.relative_to(container.root)}", "--list", "/usr/local/bin/switchboard"], {})
    libraries = listed.stdout
    expect(listed.returncode == 0 and "not found" not in libraries, f"libraries are missing:\n{libraries}{listed.stderr}")
    authorities = (container.root / "usr/lib/ssl/cert.pem").readlink()
    count = (container.root / str(authorities).lstrip("/")).read_text().count("BEGIN CERTIFICATE")
    expect(count > 100, f"{authorities} has {count} certificates")
    passed("authorities", f"{count} certificates")
    expect("libswift" not in libraries, f"the Swift libraries are not in the program:\n{libraries}")
    passed("libraries", f"{len(libraries.splitlines())}, all there, none of Swift")
    usage = container.run(["switchboard", "--help"], {})
    expect(usage.returncode == 0, f"switchboard --help ended with {usage.returncode}: {usage.stderr}")
    refused = container.run(["switchboard", "serve"], {})
    expect(refused.returncode == 78 and "JWT_SECRET" in refused.stderr, f"without a secret it ended with {refused.returncode}: {refused.stderr}")
    passed("without JWT_SECRET", "status 78")

    # The platform gives secrets as files; the port is another one, as this machine's may be taken.
    secret = container.root / "var/lib/switchboard/jwt_secret"
    secret.write_text(secrets.token_hex(32) + "\n")
    own = {"PORT": str(free_port()), "JWT_SECRET_FILE": "/var/lib/switchboard/jwt_secret", "DRAIN_SECONDS": "2"}
    secret.chmod(0o444)
    healthcheck, options = stage.healthcheck
    server = Server(container, own, folder / "server.log")
    try:
        began = time.monotonic()
        while True:
            health = container.run(healthcheck, own, timeout=options["timeout"])
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
        gone = container.run(healthcheck, own, timeout=options["timeout"])
        expect(gone.returncode == 1, f"the health check of a server that is gone ended with {gone.returncode}")
        passed("HEALTHCHECK afterwards", gone.stderr.strip())
    finally:
        if server.unshare.poll() is None:
            server.unshare.kill()
    passed("size", f"{megabytes(whole)} with everything, unpacked; the program {megabytes(os.path.getsize(program))}")
    expect(whole <= LIMIT, f"the image has {megabytes(whole)}, more than {megabytes(LIMIT)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
