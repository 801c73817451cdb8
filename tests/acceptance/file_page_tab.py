"""A tab with the page of files: choose, drop, press, look; and what it has asked the network."""

import base64
import time

DOMAINS = ("DOM", "Network", "Log", "Accessibility")


class Tab:
    def __init__(self, browser, url, *, width=360, dark=False, scripts=True, before=""):
        self.browser = browser
        self.session = browser.open("about:blank", dark=dark)
        for domain in DOMAINS:
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=740,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._scripts = scripts
        if before:
            self.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        browser.events.clear()
        self.go(url)

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.until(lambda: "</footer>" in self.html())
        if self._scripts:
            self.until(lambda: self.scripted and self.says("document.readyState") == "complete")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    @property
    def scripted(self):
        return self.says("document.querySelector('#file-check.scripted') !== null") is True

    def says(self, expression):
        return self.browser.evaluate(self.session, expression)

    def html(self):
        """The whole page; "" while one takes another's place."""
        try:
            root = self.call("DOM.getDocument")["root"]["nodeId"]
            return self.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]
        except AssertionError:
            return ""

    def until(self, ready, seconds=30):
        for _ in range(seconds * 20):
            if ready():
                return
            time.sleep(0.05)
        raise AssertionError(self.html())

    # --- hands ---------------------------------------------------------------------------------

    def node(self, selector):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        return self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]

    def choose(self, *paths):
        names = [str(path) for path in paths]
        self.call("DOM.setFileInputFiles", nodeId=self.node("#file"), files=names)

    def middle(self, selector):
        self.call("DOM.scrollIntoViewIfNeeded", nodeId=self.node(selector))
        box = self.call("DOM.getBoxModel", nodeId=self.node(selector))["model"]["border"]
        return {"x": (box[0] + box[4]) / 2, "y": (box[1] + box[5]) / 2}

    def press(self, selector, times=1):
        place = self.middle(selector)
        for _ in range(times):
            for kind in ("mousePressed", "mouseReleased"):
                self.call(
                    "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place
                )

    def key(self, name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if kind == "keyDown" and text else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=name,
                windowsVirtualKeyCode=code,
                **more,
            )

    def drop(self, *paths, items=()):
        data = {
            "items": list(items),
            "files": [str(path) for path in paths],
            "dragOperationsMask": 1,
        }
        place = self.middle(".drop")
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, data=data, **place)

    # --- eyes ----------------------------------------------------------------------------------

    def panel(self):
        """Which panel is seen; "" for the form."""
        return self.says(
            "(document.querySelector('[data-panel]:not([hidden])') || {dataset: {panel: ''}})"
            ".dataset.panel"
        )

    def result(self):
        """Code of the verdict that is seen, or ""."""
        return self.says(
            "(document.querySelector('main [data-result]') || {dataset: {result: ''}})"
            ".dataset.result"
        )

    def text(self, selector="main"):
        return self.says(f"document.querySelector('{selector}').innerText")

    def focus(self):
        return self.says("document.activeElement.outerHTML")

    def asked(self):
        """(method, address) of every request since the tab was opened."""
        self.says("1")  # whatever was under way has been told by now
        return [
            (event["params"]["request"]["method"], event["params"]["request"]["url"])
            for event in self.events("Network.requestWillBeSent")
        ]

    def events(self, method):
        return [item for item in self.browser.events if item.get("method") == method]

    def complaints(self):
        """What the browser says in its console of policy and faults; answers of 4xx are meant."""
        entries = [event["params"]["entry"] for event in self.events("Log.entryAdded")]
        return [item["text"] for item in entries if item["source"] != "network"]

    def picture(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def printed(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
