"""What a running server says over the WebSocket is what asyncapi.json says: every frame of both directions, and no other."""

import unittest

from support import SETTINGS, Cluster, Connection, Person, asyncapi, cluster
from websockets.exceptions import ConnectionClosed


class Frames(unittest.TestCase):
    def test_every_frame(self):
        """One story that leads through every frame; `receive` and `send` hold each of them to the document."""
        Connection.seen.clear()
        ada, bob = Person("ada"), Person("bob", instance="B")
        channel = ada.ask("POST", "/api/channels", {"name": ada.username}, expected=201).json["channelId"]
        talk = ada.conversation(bob)
        with ada.connection() as one, Connection(cluster().url("B")) as other:
            first = one.wait_for("WELCOME")["stamp"]
            other.send("AUTH", token=bob.token)
            other.wait_for("WELCOME")
            self.presence(one, other, bob)
            self.messages(one, other, ada, bob)
            self.assertEqual(one.ask("CHANNEL_JOIN", channelId=channel)["lastSeq"], 0)
            one.ask("MESSAGE_SEND", clientMessageId="4", channelId=channel, content="In the channel")
            other.ask("CHANNEL_JOIN", channelId=channel, since=0)
            other.wait_for("MESSAGE_RECEIVE")
            self.assertEqual(other.ask("CHANNEL_LEAVE", channelId=channel)["type"], "ACK")
            self.assertIn("serverTime", one.ask("PING"))
            refused = one.ask("READ", conversationId=talk, seq=1_000)
            self.assertEqual(refused["code"], "BAD_REQUEST")
            again = one.ask("SYNC", cursors={talk: 0}, stamp=first)
            self.assertTrue(again["complete"])
            self.assertTrue(any(frame.get("replayed") for frame in one.frames))
        with bob.connection(resumes=True) as back:
            self.assertNotIn("stamp", back.wait_for("WELCOME"))
            back.send("SYNC", cursors={talk: 0}, more=True)
            self.assertEqual(back.ask("SYNC", stamp=first)["type"], "SYNCED")
        self.outage()
        self.assertEqual(set(asyncapi().from_server) - Connection.seen, set(), "frames that never came")

    def presence(self, one, other, bob):
        users = one.ask("PRESENCE_WATCH", userIds=[bob.user_id])["users"]
        self.assertEqual(len(users), 1)
        other.ask("PRESENCE_SET", status="busy")
        one.wait_for("PRESENCE", userId=bob.user_id, status="busy")
        self.assertEqual(one.ask("PRESENCE_UNWATCH", userIds=[bob.user_id])["type"], "PRESENCE_STATE")

    def messages(self, one, other, ada, bob):
        sent = one.ask("MESSAGE_SEND", clientMessageId="1", recipientId=bob.user_id, content="Hello!")["message"]
        self.assertTrue(one.ask("MESSAGE_SEND", clientMessageId="1", recipientId=bob.user_id, content="Hello!")["duplicate"])
        other.wait_for("MESSAGE_RECEIVE")
        place = {"conversationId": sent["conversationId"], "messageId": sent["messageId"]}
        other.send("TYPING", conversationId=sent["conversationId"], isTyping=True)
        one.wait_for("TYPING", userId=bob.user_id)
        other.ask("READ", conversationId=sent["conversationId"], seq=1)
        one.wait_for("READ_RECEIPT", seq=1)
        other.ask("REACTION", **place, emoji="👍", op="add")
        self.assertIn("reactions", one.wait_for("MESSAGE_UPDATE")["message"])
        one.ask("MESSAGE_EDIT", **place, content="Hello?")
        one.ask("MESSAGE_DELETE", **place)
        while "deletedAt" not in other.wait_for("MESSAGE_UPDATE")["message"]:
            pass
        self.assertEqual(other.ask("MESSAGE_EDIT", **place, content="Mine?")["type"], "ERROR")

    def outage(self):
        """A cluster of its own, of which Redis goes away and then an instance."""
        own = Cluster(SETTINGS)
        try:
            with Person("ada", base=own.url("A")).connection() as connection:
                connection.wait_for("WELCOME")
                own.redis.kill()
                connection.wait_for("CLUSTER_STATUS", degraded=True)
                own.instances["A"].child.terminate()
                connection.wait_for("GOAWAY")
                with self.assertRaises(ConnectionClosed) as closed:
                    while True:
                        connection.receive()
            self.assertEqual((closed.exception.rcvd.code, closed.exception.rcvd.reason), (1001, "GOING_AWAY"))
        finally:
            own.close()


if __name__ == "__main__":
    unittest.main()
