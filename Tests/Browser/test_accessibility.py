"""The page for those who don't see it, who don't use a mouse, who need contrast, and on a small phone."""

import pathlib
import unittest

from cluster import ADMIN
from support import BrowserTest, fresh
from webdriver import eventually

SCRIPT = (pathlib.Path(__file__).parent / "accessibility.js").read_text()
NAMED = {"button", "link", "textbox", "searchbox", "combobox", "tab", "img", "image", "log", "dialog", "article", "menuitem", "navigation", "table"}


class AccessibilityChecks:
    """What any page is held to; mixed into a test."""

    def check(self, browser, place):
        with self.subTest(place):
            self.assertEqual(browser.run(SCRIPT), [])
            unnamed = []
            for node in browser.devtools("Accessibility.getFullAXTree")["nodes"]:
                role = node.get("role", {}).get("value")
                if not node.get("ignored") and role in NAMED and not node.get("name", {}).get("value", "").strip():
                    unnamed.append(role)
            self.assertEqual(unnamed, [], "what has no name")

    def check_order(self, browser, place):
        """Tab reaches every control that is shown, in the order of the page, and the focus can be seen."""
        with self.subTest(f"{place}, with the Tab key"):
            wanted = browser.run(
                "document.activeElement.blur();"
                "return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((node) =>"
                " node.tabIndex >= 0 && !node.disabled && node.checkVisibility({visibilityProperty: true})).map((node, index) => (node.dataset.order = index))"
            )
            browser.run("window.getSelection().removeAllRanges(); document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
            reached = []
            for _ in range(len(wanted) + 3):
                browser.press("Tab")
                order, is_seen = browser.run(
                    "const node = document.activeElement; const style = getComputedStyle(node);"
                    "const ring = (at) => at && (getComputedStyle(at).outlineStyle !== 'none' || getComputedStyle(at).boxShadow !== 'none');"
                    "return [Number(node.dataset.order ?? -1), Boolean(ring(node) || ring(node.closest('.composer-row')))]"
                )
                if order < 0 or (reached and order <= reached[-1]):
                    break
                reached.append(order)
                self.assertTrue(is_seen, f"the focus on {browser.active.name} can be seen")
            self.assertEqual(reached, wanted)


class Accessibility(AccessibilityChecks, BrowserTest):
    def fill(self, instance="A", **options):
        """Somebody with a channel, two conversations and a bit of everything in them."""
        browser, name = self.person("ada", instance, **options)
        other = self.programmatic("bob", "B")
        quiet = self.programmatic("carol", "B")
        user_id = other.call("GET", f"/api/users?q={name}")["users"][0]["userId"]
        for text in ["Hello!", "A longer one, with https://example.org/in-it and enough words that it has to go on in a second line.", "unbroken" * 40, "مرحبا بالعالم"]:
            other.send(text, recipientId=user_id)
        quiet.send("unread", recipientId=user_id)
        browser.button(other.username).click()
        self.send(browser, "An answer")
        eventually("all messages", lambda: len(browser.messages()) == 5)
        eventually("what is unread", lambda: browser.all(f"//button[@aria-label='{quiet.username}']//span[@class='badge']"))
        return browser

    def test_the_check_itself_finds_what_is_wrong(self):
        browser = self.visitor("A")
        browser.field("Username")
        browser.run(
            "document.body.insertAdjacentElement('beforeend', document.createElement('p')).textContent = 'pale';"
            "document.body.lastChild.style.cssText = 'color: #999; background: #fff; width: 3000px';"
            "document.body.append(Object.assign(document.createElement('button'), {id: 'username', tabIndex: 3}))"
        )
        found = " ".join(browser.run(SCRIPT))
        for sign in ("pale” has a contrast of 2.8", "username is there twice", "tab index of its own", "wide in"):
            self.assertIn(sign, found)

    def test_log_in_page(self):
        for is_dark in (False, True):
            browser = self.visitor("A", is_dark=is_dark)
            browser.field("Username")
            self.check(browser, "log-in")
            self.check_order(browser, "log-in")

    def test_chat(self):
        for is_dark in (False, True):
            browser = self.fill(is_dark=is_dark)
            self.assertEqual(browser.run("return matchMedia('(prefers-color-scheme: dark)').matches"), is_dark)
            self.check(browser, "chat")
            self.check_order(browser, "chat")
            browser.button("Browse channels").click()
            browser.field("Channel name").write(fresh("room"))
            self.check(browser, "channels")
            browser.button("Create channel").click()
            browser.field("Message")
            self.check(browser, "an empty channel")

    def test_narrow_phone(self):
        browser = self.fill(width=360, height=640)
        self.check(browser, "a conversation at 360")
        self.assertFalse(browser.all("[aria-label='Search people']")[0].is_shown)
        browser.button("Back to conversations").click()
        self.assertTrue(browser.field("Search people").is_shown)
        self.assertFalse(browser.all("[aria-label='Message']") and browser.all("[aria-label='Message']")[0].is_shown)
        self.check(browser, "conversations at 360")
        browser.button("Browse channels").click()
        browser.field("Channel name")
        self.check(browser, "channels at 360")
        for width in (320, 768, 1920):
            browser.resize(width, 700)
            self.check(browser, f"at {width}")

    def test_admin(self):
        for width, is_dark in ((1180, False), (1180, True), (360, False)):
            browser = self.visitor("A", width=width, is_dark=is_dark)
            self.log_in(browser, ADMIN, self.cluster.password)
            browser.see("Connected to")
            for tab, sign in (("Users", "Sessions"), ("Cluster", "Connections"), ("Activity", "Users online"), ("Audit", "Who")):
                browser.go(self.cluster.url("A") + f"/#/admin/{tab.lower()}")
                eventually(tab, lambda tab=tab: browser.button(tab).attribute("aria-selected") == "true")
                eventually(f"what is in {tab}", lambda sign=sign: sign in browser.find("#admin-panel").text)
                self.check(browser, f"{tab} at {width}")
            if width > 1000:
                self.check_order(browser, "audit")

    def test_motion_can_be_reduced(self):
        browser = self.visitor("A")
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        browser.field("Username")
        lasting = browser.run(
            "return [...document.querySelectorAll('*')].filter((node) => parseFloat(getComputedStyle(node).transitionDuration) > 0.001).length"
        )
        self.assertEqual(lasting, 0)


if __name__ == "__main__":
    unittest.main()
