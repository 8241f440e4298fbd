"""python-socketio against two instances."""

import unittest

from support import Client, admin, channel, cluster, person, refusal

TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": None}


class PythonClient(unittest.TestCase):
    def client(self, *arguments, **options):
        made = Client(*arguments, **options)
        self.addCleanup(made.disconnect)
        return made

    def test_people_talk_across_instances_over_every_transport(self):
        for name, transports in TRANSPORTS.items():
            with self.subTest(name):
                alice, bob = person("alice"), person("bob")
                room = channel(alice)
                on_a = self.client(alice, "A", transports)
                on_b = self.client(bob, "B", transports)
                self.assertEqual(on_a.transport(), "polling" if name == "polling" else "websocket")
                self.assertTrue(on_a.ask("join_channel", room)["ok"])
                answer = on_b.ask("join_channel", {"channelId": room.removeprefix("ch:")})
                self.assertEqual((answer["ok"], answer["channelId"], answer["members"]), (True, room, 2))
                sent = on_a.ask("send_message", {"channelId": room, "content": "to all", "clientMessageId": "1"})
                self.assertTrue(sent["ok"])
                self.assertEqual(sent["message"]["seq"], 1)
                received = on_b.message("to all")
                self.assertEqual(received["messageId"], sent["message"]["messageId"])
                self.assertEqual(received["senderName"], alice.username)
                again = on_a.ask("send_message", {"channelId": room, "content": "to all", "clientMessageId": "1"})
                self.assertEqual((again["duplicate"], again["message"]["messageId"]), (True, received["messageId"]))
                on_b.ask("send_message", {"recipientId": alice.user_id, "content": "to you"})
                self.assertEqual(on_a.message("to you")["recipientId"], alice.user_id)
                self.assertEqual(on_a.contents().count("to all"), 0, "the answer brought it")
                on_b.emit("typing", {"conversationId": room, "isTyping": True})
                on_a.wait_for("typing", lambda typing: typing["userId"] == bob.user_id and typing["isTyping"])
                place = {"conversationId": room, "messageId": received["messageId"]}
                self.assertTrue(on_b.ask("reaction", {**place, "emoji": "👍", "op": "add"})["ok"])
                on_a.wait_for("message_updated", lambda message: message.get("reactions") == {"👍": [bob.user_id]})
                self.assertTrue(on_a.ask("edit_message", {**place, "content": "to all of you"})["ok"])
                on_b.wait_for("message_updated", lambda message: message["content"] == "to all of you")
                self.assertTrue(on_b.ask("read", {"conversationId": room, "seq": 1})["ok"])
                on_a.wait_for("read_receipt", lambda receipt: receipt["userId"] == bob.user_id and receipt["seq"] == 1)
                self.assertTrue(on_a.ask("delete_message", place)["ok"])
                on_b.wait_for("message_updated", lambda message: "deletedAt" in message)
                self.assertTrue(on_b.ask("leave_channel", room)["ok"])

    def test_who_asks_for_no_acknowledgement_gets_the_message_as_others_do(self):
        alice = person("alice")
        room = channel(alice)
        client = self.client(alice)
        client.ask("join_channel", room)
        client.emit("send_message", {"channelId": room, "content": "hello"})
        self.assertEqual(client.message("hello")["senderId"], alice.user_id)

    def test_who_asks_for_no_acknowledgement_gets_each_message_once_and_in_order(self):
        people = [person("alice"), person("bob")]
        room = channel(people[0])
        clients = [self.client(who, "A", ["websocket"]) for who in people]
        for client in clients:
            client.ask("join_channel", room)
        for number in range(50):
            for name, client in enumerate(clients):
                # Fewer frames a second than are allowed.
                client.sleep(0.06)
                message = {"channelId": room, "content": f"{number} of {name}", "clientMessageId": str(number)}
                client.emit("send_message", message)
                if number % 10 == 0:
                    client.emit("send_message", message)
        for client in clients:
            client.wait_for("receive_message", lambda message: message["seq"] == 100)
            # What was sent before it is answered before it.
            self.assertTrue(client.ask("read", {"conversationId": room, "seq": 100})["ok"])
            self.assertEqual([message["seq"] for message, in client.all("receive_message")], list(range(1, 101)))

    def test_who_sends_again_what_another_connection_has_sent_is_told_of_it(self):
        alice, bob = person("alice"), person("bob")
        message = {"recipientId": bob.user_id, "content": "once", "clientMessageId": "1"}
        self.client(alice).ask("send_message", message)
        second = self.client(alice)
        second.emit("send_message", message)
        self.assertTrue(second.message("once")["replayed"])

    def test_each_part_of_a_sync_is_acknowledged(self):
        client = self.client(person("alice"))
        self.assertEqual(client.ask("sync", {"cursors": {}, "more": True}), {"ok": True})
        answer = client.ask("sync", {"cursors": {}})
        self.assertEqual((answer["ok"], answer["complete"]), (True, True))

    def test_what_is_wrong_is_said(self):
        client = self.client(person("alice"))
        answer = client.ask("send_message", {"content": "to nobody"})
        self.assertEqual((answer["ok"], answer["code"]), (False, "BAD_REQUEST"))
        self.assertEqual(client.ask("no_such_event", {})["code"], "UNKNOWN_TYPE")
        self.assertEqual(client.ask("send_message", b"binary")["code"], "BAD_REQUEST")
        client.emit("join_channel", "No Such Channel")
        error, = client.wait_for("error_event")
        self.assertEqual(error["code"], "BAD_REQUEST")
        self.assertTrue(error["message"])

    def test_nobody_comes_in_without_a_token(self):
        for auth in (None, {"token": "abc"}):
            refused = refusal(None, auth=auth)
            self.assertEqual((refused["message"], refused["data"]["code"]), ("UNAUTHENTICATED", "UNAUTHENTICATED"))

    def test_presence_crosses(self):
        alice, bob = person("alice"), person("bob")
        on_a = self.client(alice, "A", ["websocket"])
        state = on_a.ask("watch_presence", {"userIds": [bob.user_id]})
        self.assertEqual(state["users"][0]["status"], "offline")
        on_b = Client(bob, "B", ["websocket"])
        online, = on_a.wait_for("user:online")
        self.assertEqual((online["userId"], online["username"], online["status"]), (bob.user_id, bob.username, "online"))
        self.assertIn("timestamp", online)
        self.assertTrue(on_b.ask("set_presence", {"status": "busy"})["ok"])
        self.assertEqual(on_a.wait_for("user:status")[0]["status"], "busy")
        on_b.disconnect()
        self.assertEqual(on_a.wait_for("user:offline")[0]["userId"], bob.user_id)

    def test_a_ban_ends_the_session_on_the_other_instance(self):
        for name, transports in TRANSPORTS.items():
            with self.subTest(name):
                victim = person("victim", "B")
                client = Client(victim, "B", transports)
                admin().call("POST", f"/api/admin/users/{victim.user_id}/ban", {"reason": "test"})
                ended, = client.wait_for("session_ended")
                self.assertEqual((ended["code"], ended["reason"]), ("ACCOUNT_SUSPENDED", "ACCOUNT_SUSPENDED"))
                client.wait_for("disconnect")
                self.assertEqual(refusal(victim, "A", transports)["data"]["code"], "ACCOUNT_SUSPENDED")

    def test_a_revoked_session_is_told_so(self):
        victim = person("victim", "B")
        client = Client(victim, "B", ["websocket"])
        admin().call("POST", f"/api/admin/users/{victim.user_id}/revoke-sessions")
        self.assertEqual(client.wait_for("session_ended")[0]["reason"], "Removed")
        client.wait_for("disconnect")

    def test_a_lost_connection_is_recovered_on_the_other_instance(self):
        alice, bob = person("alice"), person("bob")
        room = channel(alice)
        on_a = self.client(alice, "A", ["websocket"])
        first = Client(bob, "A", ["websocket"])
        for client in (on_a, first):
            client.ask("join_channel", room)
        on_a.ask("send_message", {"channelId": room, "content": "one"})
        first.message("one")
        offset, = first.wait_for("sync_offset", lambda offset: f"{room}=1" in offset)
        first.eio.disconnect()
        first.wait_for("disconnect")
        for content in ("two", "three"):
            on_a.ask("send_message", {"channelId": room, "content": content})
        on_a.ask("send_message", {"recipientId": bob.user_id, "content": "four"})
        recovery = {"pid": first.joined["pid"], "offset": offset}
        second = self.client(bob, "B", ["websocket"], auth=recovery)
        self.assertEqual(second.joined["pid"], recovery["pid"])
        second.message("four")
        on_a.ask("send_message", {"channelId": room, "content": "five"})
        second.message("five")
        self.assertEqual([content for content in second.contents() if content != "four"], ["two", "three", "five"])
        with self.subTest("somebody else gets nothing by it"):
            other = self.client(person("eve"), "B", ["websocket"], auth=recovery)
            self.assertNotEqual(other.joined["pid"], recovery["pid"])
            self.assertEqual(other.contents(), [])
        with self.subTest("nobody comes in by it who may not"):
            admin().call("POST", f"/api/admin/users/{bob.user_id}/ban", {})
            self.assertEqual(refusal(bob, "A", ["websocket"], auth=recovery)["message"], "ACCOUNT_SUSPENDED")

    def test_recovery_brings_nobody_the_own_messages_again(self):
        alice, bob = person("alice"), person("bob")
        first = Client(alice, "A", ["websocket"])
        answer = first.ask("send_message", {"recipientId": bob.user_id, "content": "one"})
        conversation = answer["message"]["conversationId"]
        offset, = first.wait_for("sync_offset", lambda offset: f"{conversation}=1" in offset)
        first.eio.disconnect()
        first.wait_for("disconnect")
        self.client(bob, "A", ["websocket"]).ask("send_message", {"recipientId": alice.user_id, "content": "two"})
        second = self.client(alice, "B", ["websocket"], auth={"pid": first.joined["pid"], "offset": offset})
        second.message("two")
        self.assertEqual(second.contents(), ["two"])

    def test_an_instance_that_stops_sends_its_clients_away_to_come_back(self):
        bob = person("bob")
        clients = [Client(bob, "B", transports) for transports in TRANSPORTS.values()]
        cluster().instances["B"].end()
        self.addCleanup(cluster().start, "B")
        for client in clients:
            self.assertIn("reconnectAfterMs", client.wait_for("goaway")[0])
            # Not by a DISCONNECT of the namespace, after which a client library stays away.
            client.wait_for("disconnect")
            self.assertEqual(client.all("session_ended"), [])

    def test_an_offset_that_is_none_begins_anew(self):
        alice = person("alice")
        client = self.client(alice, "A", ["websocket"], auth={"pid": "x", "offset": "1!nonsense"})
        self.assertNotEqual(client.joined["pid"], "x")
        wrong = f"1!{alice.user_id}!1!ch:nowhere=7"
        again = self.client(alice, "A", ["websocket"], auth={"pid": "x", "offset": wrong})
        self.assertTrue(again.joined["pid"])


if __name__ == "__main__":
    cluster()
    unittest.main()
