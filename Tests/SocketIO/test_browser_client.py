"""The browser's socket.io-client, doing what a developer types."""

import os
import pathlib
import unittest

from support import admin, channel, cluster, person
from webdriver import Driver, eventually

LIBRARY = pathlib.Path(os.environ["SOCKETIO_CLIENT"])


class BrowserClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.driver = Driver()

    @classmethod
    def tearDownClass(cls):
        cls.driver.close()

    def page(self, who, instance, options=""):
        """A page of instance A that has connected to an instance."""
        browser = self.driver.open()
        self.addCleanup(browser.close)
        browser.go(f"http://localhost:{cluster().ports['A']}/livez")
        browser.run(LIBRARY.read_text())
        browser.run(
            f"""
            window.seen = []
            window.socket = io("http://localhost:{cluster().ports[instance]}", {{auth: {{token: arguments[0]}}, {options}}})
            socket.onAny((...event) => seen.push(event))
            socket.on("connect", () => seen.push(["connect", socket.recovered]))
            socket.on("connect_error", (error) => seen.push(["connect_error", error.message, error.data]))
            socket.on("disconnect", (reason) => seen.push(["disconnect", reason]))
            """,
            who.token,
        )
        return browser

    def seen(self, browser, name, count=1):
        def found():
            events = [event for event in browser.run("return seen") if event[0] == name]
            return events if len(events) >= count else None

        return eventually(name, found, within=30)

    def test_two_pages_talk_on_two_instances(self):
        alice, bob = person("alice"), person("bob")
        room = channel(alice)
        on_a, on_b = self.page(alice, "A"), self.page(bob, "B")
        for browser in (on_a, on_b):
            self.seen(browser, "connect")
            browser.run('socket.emit("join_channel", arguments[0])', room)
            self.seen(browser, "channel_joined")
            browser.run('window.messages = []; socket.on("receive_message", (message) => messages.push(message))')
        on_a.run('socket.emit("send_message", {channelId: arguments[0], content: "hello"})', room)
        for browser in (on_a, on_b):
            message = eventually("the message", lambda: browser.run("return messages"), within=30)[0]
            self.assertEqual((message["content"], message["channelId"], message["senderId"]), ("hello", room, alice.user_id))
        on_b.run('socket.emit("send_message", {channelId: arguments[0], content: "hi"}, (answer) => { window.answer = answer })', room)
        answer = eventually("the answer", lambda: on_b.run("return window.answer"), within=30)
        self.assertTrue(answer["ok"])
        eventually("the reply", lambda: len(on_a.run("return messages")) == 2, within=30)
        eventually("the upgrade", lambda: on_a.run('return socket.io.engine.transport.name') == "websocket", within=30)

    def test_a_client_recovers_what_it_missed(self):
        alice, bob = person("alice"), person("bob")
        room = channel(alice)
        on_a, on_b = self.page(alice, "A", 'transports: ["websocket"]'), self.page(bob, "B", 'transports: ["websocket"]')
        for browser in (on_a, on_b):
            self.seen(browser, "connect")
            browser.run('socket.emit("join_channel", arguments[0])', room)
            self.seen(browser, "channel_joined")
        alice.send("before", channelId=room)
        self.seen(on_b, "receive_message")
        eventually("the offset", lambda: any(f"{room}=1" in event[1] for event in self.seen(on_b, "sync_offset")))
        on_b.run("socket.io.engine.close()")
        self.seen(on_b, "disconnect")
        alice.send("meanwhile", channelId=room)
        self.assertEqual(self.seen(on_b, "connect", 2)[1], ["connect", True])
        alice.send("after", channelId=room)
        messages = self.seen(on_b, "receive_message", 3)
        self.assertEqual([message[1]["content"] for message in messages], ["before", "meanwhile", "after"])

    def test_a_ban_is_told_and_not_followed_by_another_try(self):
        victim = person("victim")
        browser = self.page(victim, "B")
        self.seen(browser, "connect")
        admin().call("POST", f"/api/admin/users/{victim.user_id}/ban", {})
        self.assertEqual(self.seen(browser, "session_ended")[0][1]["code"], "ACCOUNT_SUSPENDED")
        self.assertEqual(self.seen(browser, "disconnect")[0], ["disconnect", "io server disconnect"])
        refused = self.page(victim, "A")
        self.assertEqual(self.seen(refused, "connect_error")[0][1:], ["ACCOUNT_SUSPENDED", self.seen(refused, "connect_error")[0][2]])
        self.assertEqual(self.seen(refused, "connect_error")[0][2]["code"], "ACCOUNT_SUSPENDED")


if __name__ == "__main__":
    unittest.main()
