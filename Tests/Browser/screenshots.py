"""Makes the pictures of docs/images with a small made-up team on two instances."""

import math
import random
import sqlite3
import time
import unittest

from cluster import ADMIN, ROOT, Person
from support import BrowserTest
from webdriver import eventually

IMAGES = ROOT / "docs/images"
TALK = [
    ("grace", "Morning! Did the second instance come up fine last night?"),
    ("ada", "It did. I stopped Redis for a minute while people were chatting."),
    ("grace", "And?"),
    ("ada", "Nobody noticed. Messages took a second longer, none was lost, none came twice 🎉"),
    ("grace", "Lovely. Then I’ll move the load balancer over at noon."),
    ("ada", "One thing: the notes from last week still say one server. I’ll put them right: https://chat.example/notes"),
]


class Screenshots(BrowserTest):
    def log_in_as(self, name, **options):
        browser = self.visitor("A", **options)
        self.log_in(browser, name)
        browser.see("Connected to")
        return browser

    def invent_a_day(self):
        """Fills the minutes of a day, since a cluster of a few seconds has little to draw."""
        now = int(time.time() // 60)
        chance = random.Random(7)
        rows = []
        for minute in range(now - 1_440, now + 2):
            # Few at night, most in the early afternoon.
            busy = max(0.04, math.sin(math.pi * ((minute / 60 % 24) - 5) / 17)) if 5 < minute / 60 % 24 < 22 else 0.04
            users = int(140 * busy + chance.uniform(0, 9))
            ended = chance.uniform(0, 3) * busy
            lengths = [int(ended * share + chance.random()) for share in (0.6, 1.2, 0.9, 0.5, 0.1)]
            sockets = [int(users * share) for share in (0.66, 0.25, 0.07, 0.02)]
            rows.append((minute, "C", users, int(users * 1.4), int(60 * busy * chance.uniform(0.5, 1.4)), *sockets, *lengths))
        with sqlite3.connect(self.cluster.directory / "switchboard.db", timeout=10) as database:
            database.executemany(f"INSERT OR REPLACE INTO activity VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def test_make(self):
        IMAGES.mkdir(parents=True, exist_ok=True)
        self.invent_a_day()
        urls = {"ada": "A", "grace": "B", "edsger": "B", "barbara": "A", "alan": "B"}
        people = {name: Person(self.cluster.url(instance), name) for name, instance in urls.items()}
        ada, grace = people["ada"], people["grace"]
        ada.call("POST", "/api/channels", {"name": "general", "title": "general"})
        ada.call("POST", "/api/channels", {"name": "operations", "title": "operations"})
        people["barbara"].send("The slides are in the usual place.", recipientId=ada.user_id)
        people["edsger"].send("Simplicity is a great virtue.", recipientId=ada.user_id)

        phone = self.log_in_as("grace", width=390, height=780)
        browser = self.log_in_as("ada")
        for channel in ("operations", "general"):
            for window in (browser, phone):
                window.button("Browse channels").click()
                window.button(f"Join {channel}").click()
                window.field("Message")
                window.go(self.cluster.url("A") + "/#/")
        for sender, text in TALK:
            other = grace if sender == "ada" else ada
            people[sender].send(text, recipientId=other.user_id)
        grace.send("Lunch at twelve?", channelId="ch:general")
        people["alan"].send("Are you coming on Friday?", recipientId=ada.user_id)
        browser.button("grace").click()
        eventually("the talk", lambda: len(browser.messages()) == len(TALK))
        phone.button("ada").click()
        eventually("the talk", lambda: len(phone.messages()) == len(TALK))
        phone.run(
            "const [node] = [...document.querySelectorAll('[role=log] .message')].filter((node) => node.textContent.includes('Nobody noticed')); node.focus()"
        )
        phone.run("document.activeElement.querySelector('[aria-label=React]').click()")
        phone.button("React with ❤️").click()
        browser.find("//button[starts-with(@aria-label, '❤️ 1')]")
        phone.field("Message").write("See you at")
        browser.see("grace is typing")
        browser.run("document.activeElement.blur()")
        browser.screenshot(IMAGES / "chat.png")
        phone.field("Message").clear()
        phone.screenshot(IMAGES / "phone.png")

        admin = self.visitor("A")
        self.log_in(admin, ADMIN, self.cluster.password)
        admin.see("Connected to")
        admin.go(self.cluster.url("A") + "/#/admin/activity")
        admin.run("const field = document.querySelector('#activity-window'); field.value = '24h'; field.dispatchEvent(new Event('change'))")
        eventually("the charts", lambda: admin.sees("Messages, each 10 minutes"))
        admin.screenshot(IMAGES / "admin.png")


if __name__ == "__main__":
    unittest.main()
