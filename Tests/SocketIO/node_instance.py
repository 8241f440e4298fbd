"""A Node.js instance as Redis sees it: what @socket.io/redis-adapter 8.3 publishes, answers and delivers, with test doubles for its clients.

The steps are those of the adapter's own code: who hears what, what is dropped, how many answers are waited for.
"""

import json
import secrets
import threading

import msgpack
import redis

# What the adapter waits for answers.
TIMEOUT = 5


class Socket:
    def __init__(self, *rooms):
        self.id = secrets.token_urlsafe(15)
        self.rooms = {self.id, *rooms}
        self.events = []
        self.is_connected = True


class NodeInstance:
    def __init__(self, port, rooms=()):
        self.redis = redis.Redis(port=port)
        self.sockets = {}
        self.requests = {}
        self.changed = threading.Condition()
        # Rooms whose channel is subscribed to, where each has one of its own.
        self.rooms = rooms
        self.pubsub = self.redis.pubsub()
        self.subscribe()
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def close(self):
        self.is_closed = True
        self.thread.join(10)
        self.pubsub.close()
        self.redis.close()

    is_closed = False

    def listen(self):
        while not self.is_closed:
            message = self.pubsub.get_message(timeout=0.2)
            if message and message["type"] in ("message", "pmessage", "smessage"):
                with self.changed:
                    self.heard(message["channel"].decode(), message["data"])
                    self.changed.notify_all()

    def wait(self, condition, what):
        with self.changed:
            if not self.changed.wait_for(condition, 30):
                raise AssertionError(f"waited for {what}")

    def add(self, *rooms):
        socket = Socket(*rooms)
        self.sockets[socket.id] = socket
        return socket

    def wait_for_event(self, socket, name, where=lambda *_: True):
        def found():
            return next((event for event in socket.events if event[0] == name and where(*event[1:])), None)

        self.wait(lambda: found() is not None, f"{name}; there were {[event[0] for event in socket.events]}")
        return found()[1:]

    def meant(self, opts):
        rooms, excluded = set(opts["rooms"]), set(opts["except"])
        return [
            socket for socket in self.sockets.values()
            if (not rooms or rooms & socket.rooms) and not excluded & socket.rooms and socket.is_connected
        ]

    def deliver(self, packet, opts):
        for socket in self.meant(opts):
            socket.events.append(packet["data"])

    def disconnect(self, opts):
        for socket in self.meant(opts):
            socket.is_connected = False

    def described(self, opts):
        return [{"id": socket.id, "handshake": {}, "rooms": sorted(socket.rooms), "data": {}} for socket in self.meant(opts)]

    def ask(self, request, known):
        """Sends a request of which each other instance answers; what they said."""
        identifier = secrets.token_hex(8)
        self.requests[identifier] = entry = {"count": 1, "answers": list(known), "acks": [], "clients": 0}
        expected = self.server_count()
        request(identifier)
        with self.changed:
            if not self.changed.wait_for(lambda: entry["count"] >= expected, TIMEOUT):
                raise TimeoutError(f"timeout reached: only {entry['count']} responses received out of {expected}")
        return entry


def options(rooms=(), excluded=()):
    return {"rooms": list(rooms), "except": list(excluded)}


class ClassicInstance(NodeInstance):
    """createAdapter"""

    def subscribe(self):
        self.uid = secrets.token_urlsafe(5)[:6]
        self.pubsub.psubscribe("socket.io#/#*")
        self.pubsub.subscribe("socket.io-request#/#", "socket.io-response#/#", f"socket.io-response#/#{self.uid}#")

    def server_count(self):
        return self.redis.pubsub_numsub("socket.io-request#/#")[0][1]

    def heard(self, channel, data):
        if channel.startswith("socket.io-response#/#"):
            return self.answered(data)
        if channel.startswith("socket.io-request#/#"):
            return self.asked(data)
        room = channel[len("socket.io#/#"):-1]
        if room and not any(room in socket.rooms for socket in self.sockets.values()):
            return None
        uid, packet, opts = msgpack.unpackb(data, timestamp=3)
        if uid == self.uid or packet.get("nsp", "/") != "/":
            return None
        self.deliver(packet, opts)

    def asked(self, data):
        request = json.loads(data) if data[:1] == b"{" else msgpack.unpackb(data)
        if request.get("requestId") in self.requests:
            return
        if request["type"] == 4:
            self.disconnect(request["opts"])
        elif request["type"] == 5:
            answer = {"requestId": request["requestId"], "sockets": self.described(request["opts"])}
            self.redis.publish("socket.io-response#/#", json.dumps(answer))

    def answered(self, data):
        answer = json.loads(data) if data[:1] == b"{" else msgpack.unpackb(data)
        entry = self.requests.get(answer["requestId"])
        if not entry:
            return
        if answer.get("type") == 9:
            entry["acks"].append(answer["packet"])
            return
        entry["count"] += 1
        entry["clients"] += answer.get("clientCount", 0)
        entry["answers"] += answer.get("sockets", answer.get("rooms", []))

    def emit(self, rooms, *data, excluded=(), uid=None):
        opts = {**options(rooms, excluded), "flags": {}}
        packet = {"type": 2, "data": list(data), "nsp": "/"}
        self.deliver(packet, opts)
        channel = f"socket.io#/#{rooms[0]}#" if len(rooms) == 1 else "socket.io#/#"
        self.redis.publish(channel, msgpack.packb([uid or self.uid, packet, opts]))

    def request(self, **request):
        self.redis.publish("socket.io-request#/#", json.dumps({"uid": self.uid, **request}))

    def emit_with_ack(self, rooms, *data):
        def send(identifier):
            packet = {"type": 2, "data": list(data), "nsp": "/"}
            request = {"uid": self.uid, "requestId": identifier, "type": 7, "packet": packet, "opts": {**options(rooms), "flags": {}}}
            self.redis.publish("socket.io-request#/#", msgpack.packb(request))

        entry = self.ask(send, [])
        self.wait(lambda: len(entry["acks"]) >= entry["clients"], "acknowledgements")
        return entry["acks"]

    def fetch_sockets(self, rooms=()):
        opts = options(rooms)
        return self.ask(lambda identifier: self.request(requestId=identifier, type=5, opts=opts), self.described(opts))["answers"]

    def all_rooms(self):
        return set(self.ask(lambda identifier: self.request(requestId=identifier, type=1), [])["answers"])

    def server_side_emit(self, *data):
        return self.ask(lambda identifier: self.request(requestId=identifier, type=6, data=data), [])

    def sockets_join(self, rooms, joined):
        self.request(type=2, opts=options(rooms), rooms=joined)

    def disconnect_sockets(self, rooms):
        self.request(type=4, opts=options(rooms), close=False)


class ShardedInstance(NodeInstance):
    """createShardedAdapter"""

    def subscribe(self):
        self.uid = secrets.token_hex(8)
        self.pubsub.ssubscribe("socket.io#/#", f"socket.io#/#{self.uid}#", *(f"socket.io#/#{room}#" for room in self.rooms))

    def server_count(self):
        return self.redis.execute_command("PUBSUB", "SHARDNUMSUB", "socket.io#/#")[1]

    def heard(self, channel, data):
        message = json.loads(data) if data[:1] == b"{" else msgpack.unpackb(data)
        kind, content = message["type"], message["data"]
        if channel == f"socket.io#/#{self.uid}#":
            return self.answered(kind, content)
        if message["uid"] == self.uid:
            return None
        if kind == 3:
            self.deliver(content["packet"], content["opts"])
        elif kind == 6:
            self.disconnect(content["opts"])
        elif kind == 7:
            answer = {"requestId": content["requestId"], "sockets": self.described(content["opts"])}
            self.publish(8, answer, f"socket.io#/#{message['uid']}#")

    def answered(self, kind, content):
        entry = self.requests.get(content["requestId"])
        if not entry:
            return
        if kind == 12:
            entry["acks"].append(content["packet"])
            return
        entry["count"] += 1
        entry["clients"] += content.get("clientCount", 0)
        entry["answers"] += content.get("sockets", [])

    def publish(self, kind, data, channel="socket.io#/#", has_binary=False):
        message = {"type": kind, "data": data, "uid": self.uid, "nsp": "/"}
        self.redis.spublish(channel, msgpack.packb(message) if has_binary else json.dumps(message))

    def emit(self, rooms, *data, excluded=()):
        opts = {**options(rooms, excluded), "flags": {}}
        packet = {"type": 2, "data": list(data)}
        channel = f"socket.io#/#{rooms[0]}#" if len(rooms) == 1 and len(rooms[0]) != 20 else "socket.io#/#"
        self.publish(3, {"packet": packet, "opts": opts}, channel, any(isinstance(value, bytes) for value in data))
        self.deliver(packet, opts)

    def emit_with_ack(self, rooms, *data):
        def send(identifier):
            packet = {"type": 2, "data": list(data)}
            self.publish(3, {"packet": packet, "opts": {**options(rooms), "flags": {}}, "requestId": identifier})

        entry = self.ask(send, [])
        self.wait(lambda: len(entry["acks"]) >= entry["clients"], "acknowledgements")
        return entry["acks"]

    def fetch_sockets(self, rooms=()):
        opts = options(rooms)
        return self.ask(lambda identifier: self.publish(7, {"opts": opts, "requestId": identifier}), self.described(opts))["answers"]

    def server_side_emit(self, *data):
        return self.ask(lambda identifier: self.publish(9, {"packet": data, "requestId": identifier}), [])

    def sockets_join(self, rooms, joined):
        self.publish(4, {"opts": options(rooms), "rooms": joined})

    def disconnect_sockets(self, rooms):
        self.publish(6, {"opts": options(rooms), "close": False})
