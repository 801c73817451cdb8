"""A real Chromium, driven over the DevTools pipe: open a page, wait, take its picture."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
]


class Chromium:
    """`with Chromium() as browser: png = browser.picture(url)`."""

    def __init__(self, width=1200, height=900):
        self._size = (width, height)
        self._last = 0
        self._buffer = b""
        self.events = []  # what tabs told meanwhile, where a domain was enabled

    def __enter__(self):
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        read_commands, self._out = os.pipe()
        self._in, write_answers = os.pipe()

        def wire():
            os.dup2(read_commands, 3)
            os.dup2(write_answers, 4)

        width, height = self._size
        # The pipe wants descriptors 3 and 4; what may lie there is replaced in the child only.
        self._process = subprocess.Popen(
            [
                "chromium",
                *FLAGS,
                f"--user-data-dir={self._profile}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            preexec_fn=wire,  # noqa: PLW1509 - the tests start browsers from one thread
            pass_fds=(3, 4, read_commands, write_answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_commands)
        os.close(write_answers)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method, session=None, **params):
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self):
        while b"\0" not in self._buffer:
            piece = os.read(self._in, 1 << 20)
            assert piece, "chromium has gone"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(line)

    def open(self, url, *, dark=False):
        """A tab with `url`; answers its session."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable", session)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", session, features=features)
        self.call("Page.navigate", session, url=url)
        return session

    def picture(self, url, *, settle=1.0, dark=False):
        """PNG of the page once it has stopped changing."""
        session = self.open(url, dark=dark)
        previous = None
        for _ in range(30):
            time.sleep(settle)
            shot = self.call("Page.captureScreenshot", session, format="png")["data"]
            if shot == previous:
                break
            previous = shot
        return base64.b64decode(previous)

    def evaluate(self, session, expression):
        """The value of a JavaScript expression in a tab."""
        result = self.call(
            "Runtime.evaluate",
            session,
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        return result["result"].get("value")
