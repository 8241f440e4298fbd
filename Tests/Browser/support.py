"""What the tests of the web client share: one cluster, one chromedriver, and how a person gets around the page."""

import atexit
import itertools
import threading
import unittest
from functools import cache

from cluster import Cluster, Person
from webdriver import Driver

PASSWORD = "correct horse"
numbers = itertools.count(1)


@cache
def cluster():
    made = Cluster()
    atexit.register(made.close)
    return made


@cache
def driver():
    made = Driver()
    atexit.register(made.close)
    return made


def fresh(name):
    """A name that nobody has yet."""
    return f"{name}{next(numbers)}"


def wait(seconds):
    """Lets a time pass that is part of what is tested."""
    threading.Event().wait(seconds)


class BrowserTest(unittest.TestCase):
    # What a console says when a server was ended on purpose, or refused what a test wanted refused.
    expected_errors = ()
    maxDiff = None

    def setUp(self):
        self.cluster = cluster()
        self.browsers = []

    def tearDown(self):
        result = self._outcome.result
        failed = any(self.id() in test.id() for test, _ in result.failures + result.errors)
        said = [message for browser in self.browsers for message in browser.errors()]
        if failed:
            for number, browser in enumerate(self.browsers):
                browser.screenshot(f"/tmp/{self.id()}-{number}.png")
        for browser in self.browsers:
            browser.close()
        unexpected = [message for message in said if not any(part in message for part in self.expected_errors)]
        if not failed:
            self.assertEqual(unexpected, [], "the console is silent")

    def browser(self, **options):
        opened = driver().open(**options)
        self.browsers.append(opened)
        return opened

    def visitor(self, instance="A", **options):
        """A browser that shows the log-in page of an instance, or of the proxy."""
        browser = self.browser(**options)
        browser.go(self.cluster.proxy if instance == "proxy" else self.cluster.url(instance))
        return browser

    def person(self, name, instance="A", **options):
        """A new user at a browser, and the user's name."""
        browser = self.visitor(instance, **options)
        username = fresh(name)
        self.sign_up(browser, username)
        return browser, username

    def sign_up(self, browser, username):
        browser.field("Username").write(username)
        browser.field("Password").write(PASSWORD)
        browser.button("Create account").click()
        browser.see("Connected to")

    def log_in(self, browser, username, password=PASSWORD):
        browser.field("Username").write(username)
        browser.field("Password").write(password)
        browser.button("Log in").click()

    def programmatic(self, name, instance="A"):
        """Somebody without a browser."""
        return Person(self.cluster.url(instance), fresh(name))

    def open_chat(self, browser, other):
        browser.field("Search people").write(other)
        browser.button(other, inside="//div[contains(@class,'results')]").click()
        browser.field("Message")

    def send(self, browser, text):
        browser.field("Message").write(text)
        browser.button("Send").click()

    def assert_messages(self, browser, *texts):
        from webdriver import eventually

        try:
            eventually(f"the messages {texts}", lambda: browser.messages() == list(texts))
        except AssertionError:
            self.assertEqual(browser.messages(), list(texts))
