"""
Chromium, controlled over a pipe: pages as users with other screens and settings see them.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from contextlib import contextmanager

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
DEADLINE_S = 30.0


class Browser:
    """Sends commands of the DevTools protocol and keeps the events that come meanwhile."""

    def __init__(self, program, folder):
        ours_in, self._out = os.pipe()
        self._in, ours_out = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$@" 3<&{ours_in} 4>&{ours_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", program, *FLAGS, f"--user-data-dir={folder}"],
            pass_fds=(ours_in, ours_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours_in)
        os.close(ours_out)
        self._last, self._buffer = 0, b""
        self.events = []
        self.session = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method, **params):
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda told: told.get("id") == self._last, f"answer to {method}")
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _wait(self, is_it, what):
        deadline = time.monotonic() + DEADLINE_S
        while True:
            while b"\0" in self._buffer:
                line, _, self._buffer = self._buffer.partition(b"\0")
                told = json.loads(line)
                if "method" in told:
                    self.events.append(told)
                if is_it(told):
                    return told
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._in], [], [], max(left, 0))
            assert ready, f"no {what} within {DEADLINE_S} s; last events: {self.events[-3:]}"
            piece = os.read(self._in, 1 << 20)
            assert piece, f"the browser ended instead of an {what}"
            self._buffer += piece

    def open(self, page, *, width=1280, dark=False, scripts=False, media="screen"):
        """Open a page and collect its errors from then on in `complaints`."""
        self.events.clear()
        height = 900 if width > 500 else 844
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.send("Page.navigate", url=f"file://{page}")
        self._wait(lambda told: told.get("method") == "Page.loadEventFired", "end of the loading")

    @property
    def complaints(self):
        wanted = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        return [event["params"] for event in self.events if event["method"] in wanted]

    def ask(self, expression):
        """Return the value of a JavaScript expression, even where the page's scripts are off."""
        told = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def tree(self):
        """Return the accessibility tree of the page, without ignored nodes."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node["ignored"]]

    def picture(self, path, *, whole=True):
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        os.close(self._out)
        try:
            self._process.wait(timeout=10)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._in)


@contextmanager
def browser(program, folder):
    """Yield a browser with its own profile, and close it at the end."""
    opened = Browser(program, folder)
    try:
        yield opened
    finally:
        opened.close()
