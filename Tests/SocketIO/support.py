"""What the tests with foreign clients of Socket.IO share: two instances with one Redis, and people who use them."""

import atexit
import itertools
import os
import pathlib
import sys
import threading
from functools import cache

import socketio

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Browser"))
from cluster import ADMIN, Cluster, Person  # noqa: E402

# Passwords are not what is tested.
os.environ.setdefault("SCRYPT_LOG_N", "4")
# What a person gives up after.
PATIENCE = 30
numbers = itertools.count(1)


@cache
def cluster():
    made = Cluster()
    atexit.register(made.close)
    return made


def person(name, instance="A"):
    return Person(cluster().url(instance), f"{name}{next(numbers)}")


def channel(owner):
    """A new channel's id."""
    return owner.call("POST", "/api/channels", {"name": f"c{next(numbers)}"})["channelId"]


def refusal(who, *arguments, **options):
    """What somebody is told who is not let in."""
    client = Client(who, *arguments, is_let_in=False, **options)
    try:
        return client.wait_for("connect_error")[0]
    finally:
        client.disconnect()


@cache
def admin():
    return Person(cluster().url("A"), ADMIN, cluster().password, is_new=False)


class Client(socketio.Client):
    """python-socketio, with what it has received."""

    def __init__(self, who, instance="A", transports=None, auth=None, is_let_in=True):
        super().__init__(reconnection=False)
        self.joined = None
        self.events = []
        self.changed = threading.Condition()
        self.on("*", lambda event, *arguments: self.note(event, arguments))
        self.on("disconnect", lambda *_: self.note("disconnect", ()))
        self.on("connect_error", lambda data: self.note("connect_error", (data,)))
        auth = {"token": who.token, **(auth or {})} if who else auth
        # Where it is refused the library would wait for as long as it may.
        self.connect(cluster().url(instance), auth=auth, transports=transports, wait=is_let_in, wait_timeout=PATIENCE)

    def _handle_connect(self, namespace, data):
        # The library keeps only the sid.
        self.joined = data
        super()._handle_connect(namespace, data)

    def note(self, event, arguments):
        with self.changed:
            self.events.append((event, arguments))
            self.changed.notify_all()

    def all(self, event):
        with self.changed:
            return [arguments for name, arguments in self.events if name == event]

    def wait_for(self, event, where=lambda *_: True):
        """The arguments of the first event of that name that is meant."""

        def found():
            return next((arguments for name, arguments in self.events if name == event and where(*arguments)), None)

        with self.changed:
            if not self.changed.wait_for(lambda: found() is not None, PATIENCE):
                raise AssertionError(f"waited {PATIENCE} s for {event}; there were {[name for name, _ in self.events]}")
            return found()

    def message(self, content):
        return self.wait_for("receive_message", lambda message: message["content"] == content)[0]

    def ask(self, event, data):
        return self.call(event, data, timeout=PATIENCE)

    def contents(self):
        return [message["content"] for message, in self.all("receive_message")]
