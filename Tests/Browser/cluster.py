"""What the tests talk to: instances of the built program, a redis-server, and nginx before them. Everything ends with the tests."""

import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from webdriver import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("SWITCHBOARD", str(ROOT / ".build/debug/switchboard"))
ADMIN = "admin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        raise RuntimeError(f"{name} isn't installed; scripts/test installs it")
    return found


class Process:
    """A child process whose output goes to a file."""

    def __init__(self, name, arguments, directory, environment=None, ready=None):
        self.log = directory / f"{name}.log"
        with open(self.log, "ab") as log:
            begin = log.tell()
            self.child = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(environment or {})}, cwd=directory
            )

        def is_ready():
            if self.child.poll() is not None:
                raise RuntimeError(f"{name} ended: {self.log.read_text()[-2000:]}")
            return ready is None or ready in self.log.read_bytes()[begin:].decode(errors="replace")

        eventually(f"{name} to start", is_ready, within=30)

    def end(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Redis:
    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.start()

    def start(self):
        arguments = [program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = Process("redis", arguments, self.directory, ready="Ready to accept connections")

    def kill(self):
        self.process.end(signal.SIGKILL)


class Cluster:
    """Two instances, A and B, with one Redis and one database file, and nginx that sends each connection to either."""

    def __init__(self, settings=None):
        self.settings = settings or {}
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="switchboard-browser."))
        self.password = secrets.token_hex(8)
        self.secret = secrets.token_hex(32)
        self.ports = {"A": free_port(), "B": free_port()}
        self.proxy_port = free_port()
        self.proxy_process = None
        self.instances = {}
        self.redis = Redis(self.directory)
        for name in self.ports:
            self.start(name)

    def start(self, name):
        environment = {
            "NODE_ENV": "development", "HOST": "127.0.0.1", "PORT": str(self.ports[name]), "INSTANCE_ID": name,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}", "DB_URI": f"sqlite:{self.directory}/switchboard.db",
            "JWT_SECRET": self.secret, "ADMIN_USERNAME": ADMIN, "ADMIN_PASSWORD": self.password, "DRAIN_SECONDS": "3",
            **self.settings,
        }
        self.instances[name] = Process(name, [PROGRAM, "serve"], self.directory, environment, ready="Backend listening on")
        if self.proxy_process:
            eventually("nginx to find the instance", self.is_reached)

    def is_reached(self):
        """Whether nginx has stopped answering for an instance that was away."""
        try:
            for _ in range(4):
                urllib.request.urlopen(f"{self.proxy}/livez", timeout=5).close()
            return True
        except urllib.error.URLError:
            return False

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def proxy(self):
        """nginx's address; no session sticks to an instance."""
        if not self.proxy_process:
            self.start_proxy()
        return f"http://127.0.0.1:{self.proxy_port}"

    def start_proxy(self):
        here = self.directory / "nginx"
        here.mkdir()
        temporary = "".join(f"{kind}_temp_path {here}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        upstream = "".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;" for port in self.ports.values())
        configuration = here / "nginx.conf"
        configuration.write_text(
            f"""
            daemon off; pid {here}/nginx.pid; error_log stderr notice; user {'root' if os.getuid() == 0 else 'nobody'};
            events {{}}
            http {{
                access_log off; {temporary}
                map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
                upstream switchboard {{ {upstream} }}
                server {{
                    listen 127.0.0.1:{self.proxy_port};
                    location / {{
                        proxy_pass http://switchboard; proxy_http_version 1.1; proxy_read_timeout 300s; proxy_connect_timeout 1s;
                        proxy_set_header Host $http_host;
                        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
                    }}
                }}
            }}"""
        )
        arguments = [program("nginx"), "-p", str(here), "-c", str(configuration)]
        self.proxy_process = Process("nginx", arguments, self.directory, ready="start worker process")

    def close(self):
        if self.proxy_process:
            # Its worker is a process of its own, which it ends.
            self.proxy_process.end()
        for process in self.instances.values():
            process.end(signal.SIGKILL)
        self.redis.process.end(signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)


class Person:
    """Somebody who uses the HTTP API."""

    def __init__(self, base, username, password="correct horse", is_new=True):
        self.base = base
        self.username = username
        self.password = password
        self.token = None
        path = "/api/auth/register" if is_new else "/api/auth/login"
        answer = self.call("POST", path, {"username": username, "password": password})
        self.user_id = answer["user"]["userId"]
        self.token = answer["token"]

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def send(self, content, **target):
        body = {**target, "content": content, "clientMessageId": secrets.token_hex(8)}
        return self.call("POST", "/api/messages", body)["message"]
