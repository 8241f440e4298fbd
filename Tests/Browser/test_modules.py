"""The modules of the web client, tested in a page of their own with a server and a clock that the test makes."""

import http.server
import pathlib
import threading
import unittest

from cluster import ROOT
from support import driver
from webdriver import eventually

TESTS = pathlib.Path(__file__).parent / "library"


class Files(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        name = path.split("?")[0]
        if name.startswith("/tests/"):
            return str(TESTS / name.removeprefix("/tests/"))
        return str(ROOT / "Sources/App/Web" / name.lstrip("/"))

    def log_message(self, *arguments):
        pass


class Modules(unittest.TestCase):
    def test_every_module(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver().open()
        try:
            browser.go(f"http://127.0.0.1:{server.server_port}/tests/index.html")
            eventually("the tests of the modules", lambda: browser.run("return window.results !== undefined"), within=60)
            results = browser.run("return window.results")
            self.assertGreater(len(results), 30)
            for result in results:
                with self.subTest(result["name"]):
                    self.assertIsNone(result["problem"])
        finally:
            for message in browser.errors():
                print(message)
            browser.close()
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    unittest.main()
