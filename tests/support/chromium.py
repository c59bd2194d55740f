"""Debian's Chromium, driven over its own pipe (DevTools protocol): a test sees what a reader's browser does.

The protocol speaks JSON messages, each ended by a NUL, on file descriptors 3 (in) and 4 (out).
https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)

Json = dict[str, Any]


@dataclass(kw_only=True)
class Tab:
    """One page in the browser, with all that it complained about and all that it asked the network for."""

    write: int
    read: int
    session: str = ""
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _buffer: bytes = b""
    _last: int = 0

    def _message(self) -> Json:
        while b"\0" not in self._buffer:
            chunk = os.read(self.read, 1 << 20)
            if not chunk:
                raise RuntimeError("Chromium ended")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        found: Json = json.loads(message)
        return found

    def _note(self, event: Json) -> None:
        match event:
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                self.errors.append(str(details.get("exception", {}).get("description", details["text"])))
            case {"method": "Runtime.consoleAPICalled", "params": {"type": kind, "args": args}}:
                self.errors.append(f"console.{kind}: {args}")
            case {"method": "Log.entryAdded", "params": {"entry": entry}}:
                self.errors.append(f"{entry['level']}: {entry['text']}")
            case {"method": "Network.requestWillBeSent", "params": {"request": request}}:
                self.requests.append(request["url"])
            case {"method": "Page.javascriptDialogOpening", "params": {"message": text}}:
                self.errors.append(f"dialog: {text}")

    def call(self, method: str, **params: Any) -> Json:
        """Send one command and give its result."""
        self._last += 1
        command: Json = {"id": self._last, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.write, json.dumps(command).encode() + b"\0")
        return self._until(lambda message: message.get("id") == self._last)

    def _until(self, wanted: Any) -> Json:
        while True:
            message = self._message()
            self._note(message)
            if wanted(message):
                if "error" in message:
                    raise RuntimeError(str(message["error"]))
                result: Json = message.get("result", {})
                return result

    def open(self, page: Path, *, fragment: str = "") -> None:
        """Load a file and wait until it has loaded."""
        self.call("Page.navigate", url=page.as_uri() + fragment)
        self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def run(self, script: str) -> Any:
        """Evaluate JavaScript in the page and give its value."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def look(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Set the size of the window and the theme that the reader prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Give a PNG of the window, or of the whole page."""
        result = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(result["data"])

    def pdf(self) -> bytes:
        """Print the page."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


@contextmanager
def chromium_tab(*, scripts: bool = True) -> Iterator[Tab]:
    """Start a Chromium of its own with an empty profile, and stop it in the end."""
    program = shutil.which("chromium")
    assert program is not None
    command_read, command_write = os.pipe()
    answer_read, answer_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The shell puts the pipes on the descriptors that Chromium expects.
        shell = f'exec "$@" 3<&{command_read} 4>&{answer_write}'
        arguments = ["bash", "-c", shell, "bash", program, *FLAGS, f"--user-data-dir={profile}"]
        with subprocess.Popen(
            arguments,
            pass_fds=(command_read, answer_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            os.close(command_read)
            os.close(answer_write)
            tab = Tab(write=command_write, read=answer_read)
            try:
                _attach(tab, scripts=scripts)
                yield tab
            finally:
                process.terminate()
                process.wait(timeout=30)
                os.close(command_write)
                os.close(answer_read)


def _attach(tab: Tab, *, scripts: bool) -> None:
    target = tab.call("Target.createTarget", url="about:blank")["targetId"]
    tab.session = tab.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        tab.call(f"{domain}.enable")
    if not scripts:
        tab.call("Emulation.setScriptExecutionDisabled", value=True)
