"""What people see when a part of the cluster goes away: a banner, and every message once."""

import signal
import sqlite3
import unittest

from support import BrowserTest, wait
from webdriver import eventually


class RedisOutage(BrowserTest):
    def test_redis_killed_and_back(self):
        ada, ada_name = self.person("ada", "A")
        bob, bob_name = self.person("bob", "B")
        self.open_chat(ada, bob_name)
        self.send(ada, "before")
        bob.button(ada_name).click()
        self.assert_messages(bob, "before")
        self.cluster.redis.kill()
        try:
            for browser in (ada, bob):
                browser.see("may take up to two seconds longer")
            self.send(ada, "during, from A")
            self.assert_messages(bob, "before", "during, from A")
            self.send(bob, "during, from B")
            self.assert_messages(ada, "before", "during, from A", "during, from B")
        finally:
            self.cluster.redis.start()
        for browser in (ada, bob):
            eventually("the end of the banner", lambda browser=browser: not browser.sees("may take up to two seconds longer"), within=30)
        self.send(ada, "after")
        self.assert_messages(bob, "before", "during, from A", "during, from B", "after")
        self.assert_messages(ada, "before", "during, from A", "during, from B", "after")


class Failover(BrowserTest):
    expected_errors = ("WebSocket connection to", "status of 502", "status of 503", "status of 504", "/api/me - Failed to load")

    def instance_of(self, browser):
        return eventually("an instance", lambda: browser.find(".connection.good").text.removeprefix("Connected to ").strip())

    def pair(self):
        """Ada on whatever instance nginx gives her, Bob on the other one's own address."""
        ada, ada_name = self.person("ada", "proxy")
        name = self.instance_of(ada)
        other = "B" if name == "A" else "A"
        bob, bob_name = self.person("bob", other)
        self.open_chat(ada, bob_name)
        self.send(ada, "one")
        bob.button(ada_name).click()
        self.assert_messages(bob, "one")
        return ada, bob, name, other

    def test_an_instance_killed(self):
        ada, bob, name, other = self.pair()
        self.cluster.instances[name].end(signal.SIGKILL)
        try:
            self.send(bob, "two, while she is away")
            eventually("her move to the other instance", lambda: self.instance_of(ada) == other, within=30)
            self.send(ada, "three")
            expected = ["one", "two, while she is away", "three"]
            self.assert_messages(bob, *expected)
            self.assert_messages(ada, *expected)
        finally:
            self.cluster.start(name)

    def test_an_instance_drained(self):
        ada, bob, name, other = self.pair()
        self.cluster.instances[name].end(signal.SIGTERM)
        try:
            for number in range(2, 6):
                self.send(ada, f"number {number}")
            eventually("her move to the other instance", lambda: self.instance_of(ada) == other, within=30)
            expected = ["one", "number 2", "number 3", "number 4", "number 5"]
            self.assert_messages(bob, *expected)
            self.assert_messages(ada, *expected)
        finally:
            self.cluster.start(name)

    def test_both_gone_and_what_is_written_meanwhile(self):
        ada, bob, name, other = self.pair()
        # The banner is gone after some seconds; what it has said is kept.
        ada.run(
            "window.said = []; new MutationObserver(() => window.said.push(document.querySelector('.banner').textContent))"
            ".observe(document.querySelector('.banner'), {childList: true})"
        )
        for instance in (name, other):
            self.cluster.instances[instance].end(signal.SIGKILL)
        try:
            for browser in (ada, bob):
                browser.see("The connection is lost")
            self.send(ada, "written without a server")
            ada.find("[role=log] .state.queued")
            wait(1)
        finally:
            for instance in (name, other):
                self.cluster.start(instance)
        self.assert_messages(bob, "one", "written without a server")
        self.assert_messages(ada, "one", "written without a server")
        eventually("the good news", lambda: any("connected again" in text for text in ada.run("return window.said")))
        eventually("sent", lambda: not ada.all("[role=log] .state.queued"))

    def test_a_conversation_opened_while_both_are_gone(self):
        ada, ada_name = self.person("ada", "proxy")
        carol = self.programmatic("carol", "B")
        ada_id = carol.call("GET", f"/api/users?q={ada_name}")["users"][0]["userId"]
        carol.send("Are you there?", recipientId=ada_id)
        badge = f"//button[@aria-label='{carol.username}']//span[@class='badge']"
        ada.find(badge)
        for instance in ("A", "B"):
            self.cluster.instances[instance].end(signal.SIGKILL)
        try:
            ada.see("The connection is lost")
            ada.button(carol.username).click()
            ada.button("Try again", inside="//*[@role='log']")
            self.send(ada, "I was away")
            ada.find("[role=log] .state.queued")
            self.assertTrue(ada.all(badge), "what isn't seen isn't read")
        finally:
            for instance in ("A", "B"):
                self.cluster.start(instance)
        self.assert_messages(ada, "Are you there?", "I was away")
        eventually("sent and read", lambda: not ada.all(f"[role=log] .state.queued, [role=log] .problem") and not ada.all(badge))
        carol.send("Good", recipientId=ada_id)
        self.assert_messages(ada, "Are you there?", "I was away", "Good")

    def test_the_status_outlives_an_instance(self):
        ada, ada_name = self.person("ada", "A")
        bob, bob_name = self.person("bob", "B")
        self.open_chat(ada, bob_name)
        head = "//header[contains(@class,'conversation-head')]"
        ada.see("Online", inside=head)
        status = "const field = document.querySelector('.own-status');"
        bob.run(status + "field.value = 'busy'; field.dispatchEvent(new Event('change'))")
        ada.see("Busy", inside=head)
        self.cluster.instances["B"].end(signal.SIGTERM)
        try:
            ada.see("Last seen", inside=head)
        finally:
            self.cluster.start("B")
        ada.see("Busy", inside=head)
        self.assertEqual(bob.run(status + "return field.value"), "busy")

    def test_what_is_unsent_outlives_a_reload(self):
        ada, bob, name, other = self.pair()
        for instance in (name, other):
            self.cluster.instances[instance].end(signal.SIGKILL)
        try:
            ada.see("The connection is lost")
            self.send(ada, "before the reload")
            ada.find("[role=log] .state.queued")
        finally:
            for instance in (name, other):
                self.cluster.start(instance)
        ada.go("about:blank")
        ada.go(self.cluster.proxy)
        self.assert_messages(bob, "one", "before the reload")


class LongAbsence(BrowserTest):
    expected_errors = ("WebSocket connection to", "/api/me - Failed to load")

    def test_more_is_missed_than_a_sync_brings(self):
        bob, bob_name = self.person("bob", "B")
        ada = self.programmatic("ada", "A")
        bob_id = ada.call("GET", f"/api/users?q={bob_name}")["users"][0]["userId"]
        ada.send("number 1", recipientId=bob_id)
        bob.run_async(
            "const done = arguments[0]; import('/switchboard-client.js').then(async ({SwitchboardClient}) => {"
            " const client = (window.client = new SwitchboardClient()); window.seqs = []; window.parts = [];"
            " client.addEventListener('message', ({detail}) => seqs.push(detail.message.seq));"
            " client.addEventListener('synced', ({detail}) => { parts.push(detail.complete); done(true); });"
            " await client.conversations(); client.connect(); })"
        )
        self.cluster.instances["B"].end(signal.SIGKILL)
        try:
            for number in range(2, 1_152):
                ada.send(f"number {number}", recipientId=bob_id)
        finally:
            self.cluster.start("B")
        eventually("every message", lambda: bob.run("return new Set(window.seqs).size") == 1_150, within=60)
        self.assertEqual(bob.run("return window.seqs.length"), 1_150)
        self.assertEqual(bob.run("return window.parts"), [True, False])
        self.assertEqual(bob.run("return Object.values(window.client.cursors.all())"), [1_151])
        bob.button(ada.username).click()
        eventually("the newest", lambda: bob.messages()[-1:] == ["number 1151"])
        bob.run("window.client.disconnect()")


class OtherUser(BrowserTest):
    expected_errors = ("WebSocket connection to", "/api/me - Failed to load")

    def test_a_page_whose_cookie_is_somebody_elses_shows_nothing_of_the_one_before(self):
        browser, ada = self.person("ada", "A")
        other = self.programmatic("carol", "B")
        self.open_chat(browser, other.username)
        self.send(browser, "from Ada")
        browser.find("[role=log] .state.sent")
        bob = self.programmatic("bob", "B")
        browser.run_async(
            "const [username, password, done] = arguments; fetch('/api/auth/login', {method: 'POST',"
            " headers: {'Content-Type': 'application/json'}, body: JSON.stringify({username, password})}).then(() => done())",
            bob.username, bob.password,
        )
        self.cluster.instances["A"].end(signal.SIGKILL)
        self.cluster.start("A")
        browser.see(f"Hello, {bob.username}", within=30)
        browser.see("Connected to")
        self.assertFalse(browser.sees(other.username))


class Restored(BrowserTest):
    expected_errors = ("WebSocket connection to", "/api/me - Failed to load")

    def test_a_store_put_back_to_an_earlier_state(self):
        ada, ada_name = self.person("ada", "A")
        bob, bob_name = self.person("bob", "B")
        self.open_chat(ada, bob_name)
        self.send(ada, "one")
        bob.button(ada_name).click()
        self.assert_messages(bob, "one")
        database = self.cluster.directory / "switchboard.db"
        backup = database.with_name("backup.db")
        with sqlite3.connect(database) as live, sqlite3.connect(backup) as copy:
            live.backup(copy)
        self.send(ada, "two")
        self.send(bob, "three")
        for browser in (ada, bob):
            self.assert_messages(browser, "one", "two", "three")
        for name in ("A", "B"):
            self.cluster.instances[name].end(signal.SIGKILL)
        try:
            for ending in ("", "-wal", "-shm"):
                database.with_name(database.name + ending).unlink(missing_ok=True)
            backup.rename(database)
            self.cluster.redis.kill()
            self.cluster.redis.start()
        finally:
            for name in ("A", "B"):
                self.cluster.start(name)
        for browser in (ada, bob):
            self.assert_messages(browser, "one")
        self.send(ada, "two again")
        self.send(bob, "three again")
        for browser in (ada, bob):
            eventually("what was sent since", lambda browser=browser: sorted(browser.messages()) == ["one", "three again", "two again"])


if __name__ == "__main__":
    unittest.main()
