"""What the tests share: two instances with one Redis, and people whose every answer and frame is held to the documents."""

import atexit
import itertools
import json
import pathlib
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from functools import cache

from websockets.sync.client import connect

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Browser"))
from cluster import ADMIN, Cluster  # noqa: E402
from documents import AsyncAPI, OpenAPI  # noqa: E402

PASSWORD = "correct horse"
PATIENCE = 30
numbers = itertools.count(1)
# Passwords and rates are not what is tested.
SETTINGS = {"SCRYPT_LOG_N": "4", "RATE_LIMIT": "0", "ALLOWED_ORIGINS": "https://chat.example"}


@cache
def cluster():
    made = Cluster(SETTINGS)
    atexit.register(made.close)
    return made


def text(path):
    with urllib.request.urlopen(cluster().url("A") + path, timeout=PATIENCE) as answer:
        return answer.read()


@cache
def openapi():
    return OpenAPI(text("/openapi.json"))


@cache
def asyncapi():
    return AsyncAPI(text("/docs/asyncapi.json"))


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.type = headers.get("Content-Type", "").split(";")[0]
        self.body = body
        self.json = json.loads(body) if self.type == "application/json" and body else None


class Asker:
    """Somebody who asks over HTTP. Every answer is held to the document."""

    # What was answered by operation, over all of them.
    seen = set()

    def __init__(self, instance="A", token=None, base=None):
        self.base = base or cluster().url(instance)
        self.token = token

    def ask(self, method, path, body=None, headers=None, expected=None, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query, safe=",:")
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as found:
                answer = Answer(found.status, found.headers, found.read())
        except urllib.error.HTTPError as found:
            answer = Answer(found.code, found.headers, found.read())
        self.check(method, path, answer)
        if expected is not None and answer.status != expected:
            raise AssertionError(f"{method} {path} was answered with {answer.status}, not {expected}: {answer.body[:300]}")
        return answer

    def check(self, method, path, answer):
        operation = openapi().operation(method, path)
        place = f"{method} {path} {answer.status}"
        if operation is None:
            raise AssertionError(f"{place}: the document has no such operation")
        documented = operation.answers.get(answer.status)
        if documented is None:
            raise AssertionError(f"{place}: the document has no such answer: {answer.body[:300]}")
        for name, header in documented.get("headers", {}).items():
            header = openapi().resolved(header)
            value = answer.headers.get(name)
            if header["required"] and value is None:
                raise AssertionError(f"{place}: no {name}")
            value = int(value) if header["schema"]["type"] == "integer" else value
            problems = openapi().problems(header["schema"], value)
            if problems:
                raise AssertionError(f"{place}: {name}: {problems}")
        content = documented.get("content", {})
        if not content and answer.body or content and answer.type not in content:
            raise AssertionError(f"{place}: the document has no {answer.type or 'empty body'}")
        if answer.json is not None:
            problems = openapi().problems(content[answer.type]["schema"], answer.json)
            if problems:
                raise AssertionError(f"{place}: {problems} in {answer.body[:500]}")
        Asker.seen.add((operation.id, answer.status))


class Person(Asker):
    """Somebody with an account."""

    def __init__(self, name, instance="A", password=PASSWORD, is_new=True, base=None):
        super().__init__(instance, base=base)
        self.username = f"{name}{next(numbers)}" if is_new else name
        path, status = ("/api/auth/register", 201) if is_new else ("/api/auth/login", 200)
        answer = self.ask("POST", path, {"username": self.username, "password": password}, expected=status).json
        self.token = answer["token"]
        self.user_id = answer["user"]["userId"]
        self.session_id = answer["sessionId"]

    def connection(self, **options):
        return Connection(self.base, self.token, **options)

    def conversation(self, other):
        return "dm:" + ":".join(sorted([self.user_id, other.user_id]))


@cache
def admin():
    return Person(ADMIN, password=cluster().password, is_new=False)


class Connection:
    """A WebSocket. Every frame that comes is held to the document, and every one that is sent but for those that are wrong on purpose."""

    seen = set()

    def __init__(self, base, token=None, resumes=False):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = base.replace("http", "ws", 1) + ("/ws?resume=1" if resumes else "/ws")
        self.socket = connect(url, additional_headers=headers, open_timeout=PATIENCE, max_size=None, proxy=None)
        self.frames = []

    def receive(self):
        frame = json.loads(self.socket.recv(timeout=PATIENCE))
        message = asyncapi().from_server.get(frame["type"])
        if message is None:
            raise AssertionError(f"the document has no {frame['type']} of the server")
        problems = asyncapi().problems(message["payload"], frame)
        if problems:
            raise AssertionError(f"{problems} in {frame}")
        Connection.seen.add(frame["type"])
        self.frames.append(frame)
        return frame

    def wait_for(self, kind, **fields):
        """The next frame of this type and with these fields."""
        while True:
            frame = self.receive()
            if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    def send(self, kind, **fields):
        frame = {"type": kind, **fields}
        problems = asyncapi().problems(asyncapi().from_clients[kind]["payload"], frame)
        if problems:
            raise AssertionError(f"{problems} in {frame}")
        self.send_as_it_is(frame)

    def send_as_it_is(self, frame):
        # Without the spaces: a frame may have so many bytes and no more.
        self.socket.send(json.dumps(frame, separators=(",", ":")))

    def ask(self, kind, **fields):
        """Sends a frame and gives what answers it."""
        ref = secrets.token_hex(8)
        self.send(kind, ref=ref, **fields)
        while True:
            frame = self.receive()
            if frame.get("ref") == ref:
                return frame

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
