"""Two people at two browsers, on two instances."""

import unittest

from support import PASSWORD, BrowserTest, fresh, wait
from webdriver import KEYS, eventually


class Chat(BrowserTest):
    def two(self, **options):
        """Ada on A and Bob on B, looking at each other's conversation."""
        ada, ada_name = self.person("ada", "A", **options)
        bob, bob_name = self.person("bob", "B", **options)
        self.open_chat(ada, bob_name)
        self.open_chat(bob, ada_name)
        return ada, ada_name, bob, bob_name

    def test_direct_messages_go_both_ways_without_a_reload(self):
        ada, _, bob, bob_name = self.two()
        self.assertTrue(ada.sees("Connected to A") and bob.sees("Connected to B"))
        self.send(ada, "Hello from A")
        self.assert_messages(bob, "Hello from A")
        self.send(bob, "Hello from B")
        bob.field("Message").write("and again")
        bob.press("Enter")
        self.assert_messages(ada, "Hello from A", "Hello from B", "and again")
        self.assert_messages(bob, "Hello from A", "Hello from B", "and again")
        ada.reload()
        ada.see("Connected to")
        ada.button(bob_name).click()
        self.assert_messages(ada, "Hello from A", "Hello from B", "and again")

    def test_a_message_is_sent_then_read(self):
        ada, ada_name = self.person("ada", "A")
        bob, bob_name = self.person("bob", "B")
        self.open_chat(ada, bob_name)
        self.send(ada, "Are you there?")
        ada.find("[role=log] .state.sent")
        bob.button(ada_name).click()
        self.assert_messages(bob, "Are you there?")
        ada.find("[role=log] .state.read")

    def test_unread_messages_are_counted_until_they_are_seen(self):
        ada, ada_name = self.person("ada", "A")
        bob, bob_name = self.person("bob", "B")
        self.open_chat(ada, bob_name)
        for text in ["one", "two", "three"]:
            self.send(ada, text)
        badge = f"//button[@aria-label='{ada_name}']//span[@class='badge']"
        eventually("three unread", lambda: bob.find(badge).text == "3")
        self.assertIn("(3)", bob.run("return document.title"))
        bob.button(ada_name).click()
        self.assert_messages(bob, "one", "two", "three")
        eventually("none unread", lambda: not bob.all(badge))
        ada.find("[role=log] .state.read")
        bob.reload()
        bob.see("three")
        bob.see("Connected to")
        self.assertEqual(bob.all(badge), [])

    def test_a_channel(self):
        ada, ada_name = self.person("ada", "A")
        bob, bob_name = self.person("bob", "B")
        channel = fresh("plans")
        ada.button("Browse channels").click()
        ada.field("Channel name").write(channel)
        ada.button("Create channel").click()
        ada.field("Message")
        self.send(ada, "Who is here?")
        self.assert_messages(ada, "Who is here?")
        bob.button("Browse channels").click()
        bob.button(f"Join {channel}").click()
        self.assert_messages(bob, "Who is here?")
        self.send(bob, "I am")
        self.assert_messages(ada, "Who is here?", "I am")
        ada.see(bob_name, inside="//*[@role='log']")
        bob.button("Leave").click()
        bob.button("Leave channel").click()
        bob.see("Hello,")
        self.send(ada, "Bye")
        self.assert_messages(ada, "Who is here?", "I am", "Bye")
        self.assertEqual(bob.all(f"//button[@aria-label='{channel}']"), [])

    def test_typing_is_seen_and_ends(self):
        ada, ada_name, bob, bob_name = self.two()
        self.send(ada, "Tell me")
        self.assert_messages(bob, "Tell me")
        bob.field("Message").write("I thi")
        ada.see(f"{bob_name} is typing")
        bob.press("Enter")
        self.assert_messages(ada, "Tell me", "I thi")
        eventually("the end of typing", lambda: not ada.sees("is typing"))

    def test_edit_delete_and_react(self):
        ada, _, bob, _ = self.two()
        self.send(ada, "Meet at nien")
        self.assert_messages(bob, "Meet at nien")
        ada.field("Message")
        ada.press("Up")
        ada.see("Editing your message")
        ada.field("Message").clear()
        ada.field("Message").write("Meet at nine")
        ada.press("Enter")
        self.assert_messages(bob, "Meet at nine")
        bob.see("edited")
        self.react(bob, "👍")
        ada.find("//*[@role='log']//button[starts-with(@aria-label, '👍 1')]").click()
        bob.find("//*[@role='log']//button[starts-with(@aria-label, '👍 2')]").click()
        ada.find("//*[@role='log']//button[starts-with(@aria-label, '👍 1, You')]")
        ada.find("[role=log] .message").click()
        ada.button("Delete").click()
        ada.button("Delete message").click()
        self.assert_messages(bob, "This message was deleted.")
        self.assert_messages(ada, "This message was deleted.")

    def test_a_draft_outlives_an_edit_that_is_left(self):
        ada, _, _, bob_name = self.two()
        carol = self.programmatic("carol", "B")
        self.send(ada, "sent long ago")
        self.assert_messages(ada, "sent long ago")
        ada.field("Message").write("a draft")
        self.begin_edit(ada)
        self.assertEqual(ada.run("return document.activeElement.value"), "sent long ago")
        self.open_chat(ada, carol.username)
        self.assertEqual(ada.run("return document.querySelector('.composer-text').value"), "")
        ada.button(bob_name).click()
        eventually("the draft", lambda: ada.run("return document.querySelector('.composer-text').value") == "a draft")
        self.assertFalse(ada.sees("Editing your message"))
        ada.button("Send").click()
        self.assert_messages(ada, "sent long ago", "a draft")

    def begin_edit(self, browser):
        browser.find("[role=log] .message .bubble").click()
        browser.run("document.querySelector('[role=log] .message').focus()")
        browser.button("Edit").click()
        browser.see("Editing your message")

    def test_an_edit_that_is_refused_goes_on(self):
        ada, _, bob, _ = self.two()
        self.send(ada, "Meet at nien")
        self.assert_messages(bob, "Meet at nien")
        ada.field("Message").write("a draft")
        self.begin_edit(ada)
        # The connection is lost with the edit on its way.
        ada.run(
            "const send = WebSocket.prototype.send;"
            "WebSocket.prototype.send = function (text) {"
            " if (!text.includes('MESSAGE_EDIT')) return send.call(this, text);"
            " WebSocket.prototype.send = send; this.close(); }"
        )
        ada.field("Message").clear()
        ada.field("Message").write("Meet at nine")
        ada.press("Enter")
        ada.see("The connection was lost")
        ada.see("Editing your message")
        self.assertEqual(ada.run("return document.querySelector('.composer-text').value"), "Meet at nine")
        ada.see("Connected to")
        ada.press("Enter")
        self.assert_messages(bob, "Meet at nine")
        self.assertEqual(ada.run("return document.querySelector('.composer-text').value"), "a draft")

    def test_what_no_longer_fits_into_the_outbox_stays_in_the_field(self):
        ada, ada_name = self.person("ada", "A")
        bob = self.programmatic("bob", "B")
        user_id = bob.call("GET", f"/api/users?q={ada_name}")["users"][0]["userId"]
        ada.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            source="const send = WebSocket.prototype.send;"
            "WebSocket.prototype.send = function (text) { if (!text.includes('MESSAGE_SEND')) send.call(this, text) }",
        )
        ada.run(
            "sessionStorage.setItem(`switchboard.outbox.${arguments[0]}`, JSON.stringify(Array.from({length: 1000}, (_, index) => ("
            "{clientMessageId: `c${index}`, target: {channelId: 'ch:elsewhere'}, content: 'x', createdAt: new Date().toISOString()}))))",
            user_id,
        )
        ada.reload()
        ada.see("Connected to")
        self.open_chat(ada, bob.username)
        self.send(ada, "one more")
        ada.see("At most 1000 messages")
        self.assertEqual(ada.run("return document.querySelector('.composer-text').value"), "one more")
        ada.run("sessionStorage.clear()")

    def test_enter_in_the_search_opens_what_is_typed_now(self):
        first, second = self.programmatic("zoe"), self.programmatic("zoe")
        ada, _ = self.person("ada", "A")
        ada.run(
            "const real = window.fetch; window.fetch = async (url, ...rest) => {"
            " if (String(url).includes('/api/users?')) await new Promise((done) => setTimeout(done, 1000));"
            " return real(url, ...rest) }"
        )
        # There are no results yet.
        ada.field("Search people").write(first.username + KEYS["Enter"])
        ada.see(first.username, inside="//header[contains(@class,'conversation-head')]")
        # There are those of what was typed before.
        ada.field("Search people").write(first.username)
        ada.button(first.username, inside="//div[contains(@class,'results')]")
        ada.field("Search people").clear()
        ada.field("Search people").write(second.username + KEYS["Enter"])
        ada.see(second.username, inside="//header[contains(@class,'conversation-head')]")
        # What is typed after Enter makes it void.
        ada.field("Search people").write(first.username + KEYS["Enter"] + "x")
        ada.see("Nobody’s name begins")
        self.assertTrue(ada.sees(second.username, inside="//header[contains(@class,'conversation-head')]"))

    def react(self, browser, emoji):
        browser.find("[role=log] .message .bubble").click()
        browser.run("document.querySelector('[role=log] .message').focus()")
        browser.button("React").click()
        browser.button(f"React with {emoji}").click()

    def test_presence_follows_people(self):
        ada, ada_name, bob, bob_name = self.two()
        self.send(ada, "Hi")
        self.assert_messages(bob, "Hi")
        ada.see("Online", inside="//header[contains(@class,'conversation-head')]")
        bob.run("const status = document.querySelector('.own-status'); status.value = 'busy'; status.dispatchEvent(new Event('change'))")
        ada.see("Busy", inside="//header[contains(@class,'conversation-head')]")
        second = self.visitor("A")
        self.log_in(second, bob_name)
        second.see("Connected to")
        eventually("the status in another window", lambda: second.run("return document.querySelector('.own-status').value") == "busy")
        second.run("const status = document.querySelector('.own-status'); status.value = 'away'; status.dispatchEvent(new Event('change'))")
        ada.see("Away", inside="//header[contains(@class,'conversation-head')]")
        eventually("the status in the first window", lambda: bob.run("return document.querySelector('.own-status').value") == "away")
        second.button("Log out").click()
        bob.button("Log out").click()
        ada.see("Last seen", inside="//header[contains(@class,'conversation-head')]")

    def test_a_status_that_was_on_its_way_is_sent_again(self):
        ada, _, bob, _ = self.two()
        self.send(ada, "Hi")
        self.assert_messages(bob, "Hi")
        head = "//header[contains(@class,'conversation-head')]"
        bob.run(
            "const send = WebSocket.prototype.send;"
            "WebSocket.prototype.send = function (text) {"
            " if (!text.includes('PRESENCE_SET')) return send.call(this, text);"
            " WebSocket.prototype.send = send; this.close(); }"
        )
        # The connection is lost with the choice on its way.
        bob.run("const status = document.querySelector('.own-status'); status.value = 'busy'; status.dispatchEvent(new Event('change'))")
        ada.see("Busy", inside=head)
        self.assertEqual(bob.run("return document.querySelector('.own-status').value"), "busy")

    def test_content_is_text(self):
        ada, _, bob, _ = self.two()
        hostile = ["<img src=x onerror=\"document.title='hit'\">", "<script>document.title='hit'</script>", "javascript:alert(1)", "&lt;b&gt; <b>bold</b>"]
        for text in hostile:
            self.send(ada, text)
        self.assert_messages(bob, *hostile)
        self.assertEqual(bob.all("[role=log] img, [role=log] script, [role=log] b, [role=log] a"), [])
        self.assertNotIn("hit", bob.run("return document.title"))
        self.send(bob, "see https://example.org/?a=1&b=<i>, then tell")
        link = ada.find("[role=log] a")
        self.assertEqual((link.attribute("href"), link.attribute("rel")), ("https://example.org/?a=1&b=", "noopener noreferrer"))

    def test_history_pages_in_and_nothing_jumps(self):
        ada, ada_name = self.person("ada", "A")
        writer = self.programmatic("writer", "B")
        ada_id = writer.call("GET", f"/api/users?q={ada_name}")["users"][0]["userId"]
        for number in range(1, 181):
            writer.send(f"message {number} " + "with some more words " * (number % 7), recipientId=ada_id)
        ada.button(writer.username).click()
        eventually("the newest", lambda: ada.messages()[-1:] and ada.messages()[-1].startswith("message 180 "))
        seen = set()
        for _ in range(400):
            before = self.middle(ada)
            ada.run("document.querySelector('[role=log]').scrollTop -= 150")
            after = ada.run_async(
                "const [key, done] = arguments; requestAnimationFrame(() => requestAnimationFrame(() => {"
                " const node = document.querySelector(`[data-key=\"${key}\"]`); done(node && node.getBoundingClientRect().top) }))",
                before["key"],
            )
            seen.update(text.split(" with")[0].strip() for text in ada.messages())
            if ada.sees("This is the beginning"):
                break
            if after is not None and ada.run("return document.querySelector('[role=log]').scrollTop") > 0:
                self.assertAlmostEqual(after - before["top"], 150, delta=3)
        self.assertTrue(ada.sees("This is the beginning"))
        self.assertEqual(seen, {f"message {number}" for number in range(1, 181)})
        ada.button("Latest").click()
        eventually("the newest again", lambda: ada.messages()[-1].startswith("message 180 "))
        self.assertLess(ada.run("return document.querySelectorAll('[role=log] .item').length"), 60)

    def test_history_that_cannot_be_had_is_asked_for_once(self):
        ada, ada_name = self.person("ada", "A")
        writer = self.programmatic("writer", "B")
        ada_id = writer.call("GET", f"/api/users?q={ada_name}")["users"][0]["userId"]
        for number in range(1, 81):
            writer.send(f"message {number}", recipientId=ada_id)
        ada.button(writer.username)
        ada.run(
            "window.real = window.fetch; window.asked = 0;"
            "window.fetch = async (url, ...rest) => {"
            " if (!String(url).includes('before=')) return window.real(url, ...rest);"
            " window.asked += 1;"
            " return new Response(JSON.stringify({error: {code: 'UNAVAILABLE', message: 'Not now.'}}), {status: 503}) }"
        )
        ada.button(writer.username).click()
        eventually("the newest", lambda: ada.messages()[-1:] == ["message 80"])
        ada.run("document.querySelector('[role=log]').scrollTop = 0")
        ada.see("Not now.", inside="//*[@role='log']")
        wait(2)
        self.assertLessEqual(ada.run("return window.asked"), 2)
        ada.run("window.fetch = window.real; document.querySelector('[role=log]').scrollTop = 0")
        ada.button("Try again").click()
        ada.see("This is the beginning")
        self.assertEqual(ada.messages()[0], "message 1")

    def middle(self, browser):
        return browser.run(
            "const frame = document.querySelector('[role=log]').getBoundingClientRect();"
            "const node = [...document.querySelectorAll('[role=log] .item.message')].find((node) => node.getBoundingClientRect().top > frame.top + 100);"
            "return {key: node.dataset.key, top: node.getBoundingClientRect().top}"
        )

    def test_by_keyboard_alone(self):
        browser = self.visitor("A")
        other = self.programmatic("carol", "B")
        name = fresh("ada")
        browser.type(name)
        browser.press("Tab")
        browser.type(PASSWORD)
        browser.press("Tab")
        browser.press("Tab")
        self.assertEqual(browser.active.name, "Create account")
        browser.press("Enter")
        browser.see("Connected to")
        browser.press("Control", "k")
        browser.type(other.username)
        browser.button(other.username, inside="//div[contains(@class,'results')]")
        browser.press("Enter")
        eventually("the focus in the message", lambda: browser.active.name == "Message")
        browser.type("hi")
        browser.press("Enter")
        self.assert_messages(browser, "hi")
        self.assertEqual(browser.active.name, "Message")
        browser.press("Shift", "Tab")
        browser.press("Up")
        eventually("the focus on a message", lambda: browser.active.role == "article")
        browser.press("Right")
        self.assertEqual(browser.active.name, "React")
        browser.press("Enter")
        browser.press("Right")
        browser.press("Enter")
        browser.find("//*[@role='log']//button[starts-with(@aria-label, '❤️ 1')]")
        browser.press("Escape")

    def test_two_windows_of_one_person_agree(self):
        ada, ada_name, bob, bob_name = self.two()
        second = self.visitor("B")
        self.log_in(second, ada_name)
        second.see("Connected to")
        self.send(ada, "from the first window")
        second.button(bob_name).click()
        self.assert_messages(second, "from the first window")
        self.send(second, "from the second")
        self.assert_messages(ada, "from the first window", "from the second")
        self.assert_messages(bob, "from the first window", "from the second")


class Channels(BrowserTest):
    expected_errors = ("status of 409",)

    def make(self, *names):
        person = self.programmatic("maker")
        for name in names:
            person.call("POST", "/api/channels", {"name": name})

    def test_the_last_of_many_is_found(self):
        # Behind all others by name.
        prefix = fresh("zz")
        self.make(*(f"{prefix}-{number:03}" for number in range(1, 202)))
        ada, _ = self.person("ada", "A")
        ada.button("Browse channels").click()
        first = f"{prefix}-001"
        ada.field("Filter channels").write(first)
        ada.button(f"Join {first}")
        ada.field("Filter channels").clear()
        self.assertFalse(self.lists(ada, f"{prefix}-201"))
        ada.button("Show more").click()
        eventually("the last", lambda: self.lists(ada, f"{prefix}-201"))
        self.assertEqual(ada.active.role, "button", "the focus goes on with the list")
        ada.button("Close").click()
        ada.button("Browse channels").click()
        eventually("the first page", lambda: ada.button("Show more"))
        ada.field("Filter channels").write(f"{prefix}-201")
        ada.button(f"Join {prefix}-201").click()
        ada.see(f"{prefix}-201", inside="//header[contains(@class,'conversation-head')]")
        ada.button("Browse channels").click()
        ada.field("Filter channels").write("nothing is called so")
        ada.see("No channel has that in its name")

    def lists(self, browser, name):
        return browser.all(f"//*[@class='channel-choices']//strong[.='{name}']")

    def test_one_of_the_name_can_be_joined(self):
        name = fresh("taken")
        self.make(name)
        ada, _ = self.person("ada", "A")
        ada.button("Browse channels").click()
        ada.field("Channel name").write(name)
        ada.button("Create channel").click()
        ada.button(f"Join {name}", inside="//*[@role='alert']").click()
        ada.see(name, inside="//header[contains(@class,'conversation-head')]")

    def test_one_that_is_made_and_not_joined_can_be_joined(self):
        name = fresh("halfway")
        ada, _ = self.person("ada", "A")
        ada.run(
            "const send = WebSocket.prototype.send;"
            "WebSocket.prototype.send = function (text) {"
            " if (!text.includes('CHANNEL_JOIN')) return send.call(this, text);"
            " WebSocket.prototype.send = send; this.close(); }"
        )
        ada.button("Browse channels").click()
        ada.field("Channel name").write(name)
        ada.button("Create channel").click()
        ada.see("you haven’t joined it", inside="//*[@role='alert']")
        eventually("the channel in the list", lambda: self.lists(ada, name))
        ada.see("Connected to")
        ada.button(f"Join {name}", inside="//*[@role='alert']").click()
        ada.see(name, inside="//header[contains(@class,'conversation-head')]")


class Times(BrowserTest):
    def test_the_next_day_and_the_minutes_that_pass(self):
        ada, ada_name = self.person("ada", "A")
        bob = self.programmatic("bob", "B")
        user_id = bob.call("GET", f"/api/users?q={ada_name}")["users"][0]["userId"]
        bob.send("Good night", recipientId=user_id)
        # A minute is shorter.
        ada.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            source="const real = window.setInterval; window.setInterval = (call, ms) => real(call, ms / 100)",
        )
        ada.reload()
        ada.button(bob.username).click()
        ada.see("Today", inside="//*[@role='log']")
        ada.run(
            "const Real = Date; window.Date = class extends Real {"
            " constructor(...parts) { super(...(parts.length > 0 ? parts : [Real.now() + 86_400_000])) }"
            " static now() { return Real.now() + 86_400_000 } }"
        )
        ada.see("Yesterday", inside="//*[@role='log']")
        ada.see("Yesterday", inside="//nav")


class LogIn(BrowserTest):
    expected_errors = ("status of 401", "status of 409", "status of 400")

    def test_a_wrong_password_is_said_and_can_be_put_right(self):
        person = self.programmatic("ada")
        browser = self.visitor("B")
        self.log_in(browser, person.username, "wrong password")
        browser.see("password", inside="//*[@role='alert']")
        browser.field("Password").clear()
        browser.field("Password").write(person.password)
        browser.button("Log in").click()
        browser.see(f"Hello, {person.username}")

    def test_a_taken_name_and_a_short_password_are_said(self):
        person = self.programmatic("ada")
        browser = self.visitor("A")
        browser.field("Username").write(person.username)
        browser.field("Password").write(PASSWORD)
        browser.button("Create account").click()
        eventually("what is wrong", lambda: browser.find("#sign-in-problem").text)
        browser.field("Username").clear()
        browser.field("Username").write(fresh("ada"))
        browser.field("Password").clear()
        browser.field("Password").write("short")
        browser.button("Create account").click()
        eventually("what is wrong now", lambda: "8" in browser.find("#sign-in-problem").text)

    def test_log_out_and_a_reload_afterwards(self):
        browser, name = self.person("ada")
        browser.button("Log out").click()
        browser.field("Username")
        browser.reload()
        browser.field("Username")
        self.log_in(browser, name)
        browser.see(f"Hello, {name}")
        browser.reload()
        browser.see(f"Hello, {name}")

    def answer(self, browser, path, status, code):
        """Lets the page's requests for a path be refused, or fail where there is no status."""
        browser.run(
            "const [path, status, code] = arguments; const ask = (window.realFetch ??= window.fetch);"
            "window.fetch = (url, options) => {"
            "  if (!String(url).includes(path)) return ask(url, options);"
            "  if (!status) return Promise.reject(new TypeError('no network'));"
            "  return Promise.resolve(new Response(JSON.stringify({error: {code, message: 'Refused.'}}), {status}));"
            "}",
            path, status, code,
        )

    def test_a_log_out_that_fails_is_said(self):
        browser, name = self.person("ada")
        for status, code in [(None, None), (503, "STORE_UNAVAILABLE")]:
            self.answer(browser, "/api/auth/logout", status, code)
            browser.button("Log out").click()
            said = browser.see("You are still logged in")
            browser.see("Connected to")
            browser.run("arguments[0].hidden = true", said)
        browser.run("window.fetch = window.realFetch")
        browser.button("Log out").click()
        browser.field("Username")
        browser.reload()
        browser.field("Username")

    def test_logging_out_asks_before_it_throws_messages_away(self):
        browser, name = self.person("ada")
        other = self.programmatic("bob", "B")
        self.open_chat(browser, other.username)
        browser.run(
            "const send = WebSocket.prototype.send;"
            "WebSocket.prototype.send = function (text) { if (!text.includes('MESSAGE_SEND')) send.call(this, text); }"
        )
        self.send(browser, "never sent")
        self.assert_messages(browser, "never sent")
        browser.button("Log out").click()
        browser.see("1 message of yours")
        browser.button("Cancel").click()
        self.assert_messages(browser, "never sent")
        browser.button("Log out").click()
        browser.button("Log out", inside="//dialog").click()
        browser.field("Username")
        self.assertEqual(browser.run("return Object.keys(sessionStorage)"), [])

    def test_a_session_that_the_browser_does_not_keep_is_said(self):
        browser = self.visitor("A")
        person = self.programmatic("ada")
        self.answer(browser, "/api/conversations", 401, "UNAUTHENTICATED")
        self.log_in(browser, person.username)
        browser.see("https")
        self.answer(browser, "/api/conversations", 403, "ACCOUNT_SUSPENDED")
        self.log_in(browser, person.username)
        browser.see("This account was suspended")
        browser.run("window.fetch = window.realFetch")
        self.log_in(browser, person.username)
        browser.see(f"Hello, {person.username}")
        browser.see("Connected to")

    def test_a_tab_follows_a_log_in_of_somebody_else_in_another(self):
        browser = self.visitor("A")
        first = browser.call("GET", "/window")
        second = browser.call("POST", "/window/new", {"type": "tab"})["handle"]
        browser.call("POST", "/window", {"handle": second})
        browser.go(self.cluster.url("A"))
        browser.field("Username")
        ada, bob = fresh("ada"), fresh("bob")
        browser.call("POST", "/window", {"handle": first})
        self.sign_up(browser, ada)
        browser.see(f"Hello, {ada}")
        browser.call("POST", "/window", {"handle": second})
        self.sign_up(browser, bob)
        browser.call("POST", "/window", {"handle": first})
        browser.see(f"Hello, {bob}")
        browser.see("Connected to")


if __name__ == "__main__":
    unittest.main()
