"""Chromium, driven through the WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# What a person gives up after.
PATIENCE = 15
KEYS = {
    "Enter": "\ue007", "Tab": "\ue004", "Escape": "\ue00c", "Up": "\ue013", "Down": "\ue015", "Left": "\ue012", "Right": "\ue014",
    "Shift": "\ue008", "Control": "\ue009", "End": "\ue010",
}


class WebDriverError(Exception):
    pass


def literal(text):
    """A text as XPath writes it; XPath has no escapes."""
    if "'" not in text:
        return f"'{text}'"
    return "concat(" + ", \"'\", ".join(f"'{part}'" for part in text.split("'")) + ")"


def eventually(what, condition, within=PATIENCE):
    """What `condition` gives once it gives something; asks until then."""
    end = time.monotonic() + within
    while True:
        try:
            found = condition()
            if found:
                return found
        except WebDriverError:
            found = None
        if time.monotonic() > end:
            raise AssertionError(f"waited {within} s for {what}")
        time.sleep(0.05)


class Driver:
    """A chromedriver process; each browser it opens has a profile of its own."""

    def __init__(self):
        program = shutil.which("chromedriver")
        if not program:
            raise WebDriverError("There is no chromedriver: apt-get install chromium chromium-driver")
        self.process = subprocess.Popen([program, "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            port = re.search(r"successfully on port (\d+)", line)
            if port:
                self.base = f"http://127.0.0.1:{port[1]}"
                return
        raise WebDriverError("chromedriver did not start")

    def call(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise WebDriverError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def open(self, width=1180, height=800, is_dark=False):
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--lang=en-GB",
            "--force-color-profile=srgb", f"--window-size={width},{height}",
            "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
        ]
        if is_dark:
            arguments.append("--force-dark-mode")
        options = {"args": arguments}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        browser = Browser(self, f"/session/{session['sessionId']}")
        browser.resize(width, height)
        return browser

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class Element:
    def __init__(self, browser, reference):
        self.browser = browser
        self.path = f"/element/{reference}"
        self.reference = reference

    def click(self):
        self.browser.call("POST", f"{self.path}/click")

    def write(self, text):
        self.browser.call("POST", f"{self.path}/value", {"text": text})

    def clear(self):
        self.browser.call("POST", f"{self.path}/clear")

    @property
    def text(self):
        return self.browser.call("GET", f"{self.path}/text")

    @property
    def name(self):
        """As screen readers say it."""
        return self.browser.call("GET", f"{self.path}/computedlabel")

    @property
    def role(self):
        return self.browser.call("GET", f"{self.path}/computedrole")

    @property
    def is_shown(self):
        return self.browser.call("GET", f"{self.path}/displayed")

    def attribute(self, name):
        return self.browser.call("GET", f"{self.path}/attribute/{name}")


class Browser:
    """One browser window, found through what a person can see or hear."""

    def __init__(self, driver, path):
        self.driver = driver
        self.path = path

    def call(self, method, path, body=None):
        return self.driver.call(method, self.path + path, body)

    def close(self):
        self.call("DELETE", "")

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def reload(self):
        self.call("POST", "/refresh")

    def resize(self, width, height):
        """Sets what the page has, not the window: Chromium's windows are at least 500 wide."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script, *arguments):
        """Runs the body of a function and gives what it returns."""
        values = [{ELEMENT: value.reference} if isinstance(value, Element) else value for value in arguments]
        return self.call("POST", "/execute/sync", {"script": script, "args": values})

    def run_async(self, script, *arguments):
        """As `run`; the script calls its last argument."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def all(self, selector):
        using = "xpath" if selector.startswith(("/", "(")) else "css selector"
        return [Element(self, found[ELEMENT]) for found in self.call("POST", "/elements", {"using": using, "value": selector})]

    def find(self, selector, within=PATIENCE):
        """The first that is shown."""
        return eventually(selector, lambda: next((found for found in self.all(selector) if found.is_shown), None), within)

    def button(self, name, inside="", within=PATIENCE):
        """A button by its whole name."""
        text = literal(name)
        match = f"@aria-label={text} or (not(@aria-label) and normalize-space(.)={text})"
        return self.find(f"{inside}//*[self::button or @role='button' or @role='menuitem' or @role='tab' or self::a][{match}]", within)

    def field(self, name):
        text = literal(name)
        return self.find(f"//*[self::input or self::textarea or self::select][@aria-label={text} or @id=//label[normalize-space(.)={text}]/@for]")

    def see(self, text, inside="", within=PATIENCE):
        """Waits until a text can be seen."""
        return self.find(self.holding(text, inside), within)

    def sees(self, text, inside=""):
        return any(found.is_shown for found in self.all(self.holding(text, inside)))

    def holding(self, text, inside):
        axis = f"{inside}/descendant-or-self::" if inside else "//"
        return f"{axis}*[text()[contains(normalize-space(.), {literal(text)})]]"

    def press(self, *keys):
        """Presses keys together, on what has the focus."""
        codes = [KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": code} for code in codes] + [{"type": "keyUp", "value": code} for code in reversed(codes)]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def type(self, text):
        for character in text:
            self.press(character)

    @property
    def active(self):
        return Element(self, self.call("GET", "/element/active")[ELEMENT])

    def messages(self):
        """The texts in the message list, in order."""
        return self.run("return [...document.querySelectorAll('[role=log] .message-text')].map((node) => node.textContent)")

    def errors(self):
        """What the console has said since it was asked last, errors and warnings."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"}) if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))
