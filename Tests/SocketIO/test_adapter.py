"""Two instances of Switchboard beside a Node.js instance on one Redis."""

import unittest

from node_instance import ClassicInstance, ShardedInstance
from support import PATIENCE, Client, numbers

from cluster import ADMIN, Cluster, Person


class NeighbouringClient(Client):
    """A client of the cluster that shares its Redis."""

    def __init__(self, cluster, who, instance):
        self.cluster = cluster
        self.instance = instance
        super().__init__(who, instance, ["websocket"])
        self.on("question", lambda text: f"{who.username} says {text}")

    def connect(self, url, **options):
        super().connect(self.cluster.url(self.instance), **options)


class Neighbours:
    """What is so with both adapters."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster({"SOCKETIO_ADAPTER": cls.adapter})
        cls.addClassCleanup(cls.cluster.close)
        cls.alice = Person(cls.cluster.url("A"), f"alice{next(numbers)}")
        cls.bob = Person(cls.cluster.url("B"), f"bob{next(numbers)}")
        cls.room = cls.alice.call("POST", "/api/channels", {"name": f"c{next(numbers)}"})["channelId"]
        cls.on_a = NeighbouringClient(cls.cluster, cls.alice, "A")
        cls.addClassCleanup(cls.on_a.disconnect)
        cls.on_b = NeighbouringClient(cls.cluster, cls.bob, "B")
        cls.addClassCleanup(cls.on_b.disconnect)
        for client in (cls.on_a, cls.on_b):
            assert client.ask("join_channel", cls.room)["ok"]
        cls.node = cls.kind(cls.cluster.redis.port, [cls.room, cls.alice.user_id, cls.bob.user_id])
        cls.addClassCleanup(cls.node.close)
        cls.socket = cls.node.add(cls.room)
        cls.bobs = cls.node.add(cls.bob.user_id)
        # Both instances count once they are subscribed.
        cls.node.wait(lambda: cls.node.server_count() == 3, "both instances to be there")

    def test_what_node_emits_reaches_clients_here(self):
        text = f"to the channel {next(numbers)}"
        self.node.emit([self.room], "announcement", {"text": text, "number": 1.5}, b"\x01\x02")
        for client in (self.on_a, self.on_b):
            event, binary = client.wait_for("announcement", lambda event, _: event["text"] == text)
            self.assertEqual((event, binary), ({"text": text, "number": 1.5}, b"\x01\x02"))
        self.node.emit([self.alice.user_id], "private", text)
        self.on_a.wait_for("private", lambda said: said == text)
        self.node.emit([], "to all", text, excluded=[self.alice.user_id])
        self.on_b.wait_for("to all", lambda said: said == text)
        self.node.emit([], "to all", "last")
        self.on_a.wait_for("to all")
        self.assertEqual(self.on_a.all("to all"), [("last",)])
        self.assertEqual(self.on_b.all("private"), [])
        self.assertEqual(len(self.on_a.all("announcement")), 1)

    def test_what_happens_here_reaches_clients_of_node_once(self):
        content = f"hello {next(numbers)}"
        sent = self.on_a.ask("send_message", {"channelId": self.room, "content": content})["message"]
        message, = self.node.wait_for_event(self.socket, "receive_message", lambda message: message["content"] == content)
        self.assertEqual(message, {name: value for name, value in sent.items() if name != "clientMessageId"})
        self.on_b.message(content)
        self.on_a.ask("send_message", {"recipientId": self.bob.user_id, "content": content})
        self.node.wait_for_event(self.bobs, "receive_message", lambda message: message["recipientId"] == self.bob.user_id)
        self.on_b.wait_for("receive_message", lambda message: message.get("recipientId") == self.bob.user_id)
        place = {"conversationId": self.room, "messageId": sent["messageId"]}
        self.on_b.ask("reaction", {**place, "emoji": "👍", "op": "add"})
        self.node.wait_for_event(self.socket, "message_updated", lambda message: message["reactions"] == {"👍": [self.bob.user_id]})
        self.on_b.ask("read", {"conversationId": self.room, "seq": sent["seq"]})
        self.node.wait_for_event(self.socket, "read_receipt", lambda receipt: receipt["seq"] == sent["seq"])
        self.on_b.emit("typing", {"conversationId": self.room, "isTyping": True})
        self.node.wait_for_event(self.socket, "typing", lambda typing: typing["userId"] == self.bob.user_id)
        told = [event for event in self.socket.events if event[0] == "receive_message" and event[1]["content"] == content]
        self.assertEqual(len(told), 1)
        self.assertEqual(self.on_b.contents().count(content), 2, "one from the channel, one direct")

    def test_presence_reaches_clients_of_node(self):
        carol = Person(self.cluster.url("B"), f"carol{next(numbers)}")
        client = NeighbouringClient(self.cluster, carol, "B")
        online, = self.node.wait_for_event(self.socket, "user:online", lambda presence: presence["userId"] == carol.user_id)
        self.assertEqual((online["username"], online["status"]), (carol.username, "online"))
        client.disconnect()
        self.node.wait_for_event(self.socket, "user:offline", lambda presence: presence["userId"] == carol.user_id)

    def test_node_sees_the_clients_here(self):
        sockets = {socket["id"]: socket for socket in self.node.fetch_sockets()}
        self.assertLessEqual({self.on_a.get_sid(), self.on_b.get_sid(), self.socket.id}, set(sockets))
        mine = sockets[self.on_a.get_sid()]
        self.assertEqual(set(mine["rooms"]), {self.on_a.get_sid(), self.alice.user_id, self.room})
        self.assertEqual(mine["data"], {"userId": self.alice.user_id, "username": self.alice.username})
        self.assertNotIn(self.alice.token, str(sockets))
        in_room = {socket["id"] for socket in self.node.fetch_sockets([self.room])}
        self.assertEqual(in_room, {self.on_a.get_sid(), self.on_b.get_sid(), self.socket.id})
        self.node.server_side_emit("ping-all")

    def test_clients_here_acknowledge(self):
        said = self.node.emit_with_ack([self.alice.user_id, self.bob.user_id], "question", "yes")
        self.assertEqual(set(said), {f"{self.alice.username} says yes", f"{self.bob.username} says yes"})

    def test_node_joins_and_ends_clients(self):
        dora = Person(self.cluster.url("A"), f"dora{next(numbers)}")
        client = NeighbouringClient(self.cluster, dora, "A")
        self.node.sockets_join([dora.user_id], ["project"])
        self.node.wait(lambda: "project" in str(self.node.fetch_sockets([dora.user_id])), "the room to be joined")
        self.node.emit([], "warm up")
        client.wait_for("warm up")
        self.emit_to_new_room("project", "news", client)
        self.node.disconnect_sockets([dora.user_id])
        client.wait_for("disconnect")
        self.assertEqual(self.node.fetch_sockets([dora.user_id]), [])

    def emit_to_new_room(self, room, name, client):
        self.node.emit([room], name)
        client.wait_for(name)

    def test_a_ban_ends_the_clients_of_node_too(self):
        eve = Person(self.cluster.url("B"), f"eve{next(numbers)}")
        theirs = self.node.add(eve.user_id, self.room)
        admin = Person(self.cluster.url("A"), ADMIN, self.cluster.password, is_new=False)
        admin.call("POST", f"/api/admin/users/{eve.user_id}/ban", {"reason": "test"})
        self.node.wait(lambda: not theirs.is_connected, "the end of a banned user's socket")


class ClassicAdapter(Neighbours, unittest.TestCase):
    adapter = "classic"
    kind = ClassicInstance

    def test_the_emitter_works(self):
        text = f"from a job {next(numbers)}"
        self.node.emit([self.room], "job done", text, uid="emitter")
        for client in (self.on_a, self.on_b):
            client.wait_for("job done", lambda said: said == text)

    def test_all_rooms_are_known(self):
        self.assertLessEqual({self.room, self.alice.user_id, self.bob.user_id, self.on_b.get_sid()}, self.node.all_rooms())


class ShardedAdapter(Neighbours, unittest.TestCase):
    adapter = "sharded"
    kind = ShardedInstance


if __name__ == "__main__":
    unittest.main()
