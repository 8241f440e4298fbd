"""The page of the protocol's documents, `/docs/`."""

import json
import unittest
import urllib.request

from support import BrowserTest
from test_accessibility import AccessibilityChecks
from webdriver import eventually


class Docs(AccessibilityChecks, BrowserTest):
    def docs(self, path="/docs/", **options):
        browser = self.browser(**options)
        browser.go(self.cluster.url("A") + path)
        browser.find("//h2[normalize-space(.)='Schemas']")
        return browser

    def document(self, path):
        with urllib.request.urlopen(self.cluster.url("A") + path, timeout=30) as answer:
            return json.load(answer)

    def test_everything_is_there_and_opens(self):
        browser = self.docs()
        operations = [name for item in self.document("/openapi.json")["paths"].values() for name in item if name != "parameters"]
        self.assertEqual(len(browser.all(".method")), len(operations))
        messages = self.document("/docs/asyncapi.json")["components"]["messages"]
        self.assertEqual(len(browser.all("[id^=frame-]")), len(messages))
        operation = browser.find("#operation-sendMessage")
        self.assertFalse(browser.sees("With another recipient or content"))
        operation.click()
        browser.see("With another recipient or content", inside="//*[@id='operation-sendMessage']")
        browser.find("//*[@id='operation-sendMessage']//a[normalize-space(.)='SentMessage']").click()
        eventually("the schema", lambda: browser.run("return document.getElementById('schema-SentMessage').open"))
        # Each link of the page leads to something.
        self.assertEqual(
            browser.run("return [...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => !document.getElementById(a.hash.slice(1))).map((a) => a.hash)"),
            [],
        )

    def test_an_address_opens_what_it_names(self):
        browser = self.docs("/docs/#frame-MessageSend")
        browser.see("DirectMessageSend", inside="//*[@id='frame-MessageSend']")

    def test_a_folder_without_its_slash(self):
        with urllib.request.urlopen(self.cluster.url("A") + "/docs", timeout=30) as answer:
            self.assertEqual(answer.url, self.cluster.url("A") + "/docs/")

    def test_accessible(self):
        for width, is_dark in ((1180, False), (1180, True), (320, False)):
            browser = self.docs(width=width, is_dark=is_dark)
            self.check(browser, f"the documents at {width}")
            browser.run("for (const entry of document.querySelectorAll('details')) entry.open = true")
            self.check(browser, f"the documents at {width}, open")
        browser.resize(1180, 800)
        browser.reload()
        browser.find("//h2[normalize-space(.)='Schemas']")
        self.check_order(browser, "the documents")


if __name__ == "__main__":
    unittest.main()
