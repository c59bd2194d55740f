"""The real program in a process of its own, as a shell starts it, and recordings to give to it."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PHONEHOME = Path(sys.executable).with_name("phonehome")  # installed beside this Python
IMEI = "490154203237518"
SUBJECT_TEXT = f'values:\n  - {{id: imei-1, type: imei, value: "{IMEI}"}}\n'


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    status: int
    out: str
    err: str

    def sentences(self) -> list[str]:
        """The lines on standard error, each of which the program began with its name."""
        return self.err.splitlines()


def _limit_memory(most: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    return limit


def run(
    *arguments: str | Path,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    most_memory: int | None = None,
    timeout: float = 300,
) -> Ended:
    """Run `phonehome` to its end; `most_memory` bounds its address space, in bytes."""
    done = subprocess.run(
        [str(PHONEHOME), *map(str, arguments)],
        input=b"" if stdin is None else stdin,
        capture_output=True,
        cwd=cwd,
        timeout=timeout,
        check=False,
        preexec_fn=None if most_memory is None else _limit_memory(most_memory),
    )
    return Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def entry(
    url: str = "https://example.com/",
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: str | None = None,
    encoding: str | None = None,
    answer: str | None = None,
    answer_encoding: str | None = None,
) -> dict[str, object]:
    """One entry of a HAR: a POST with a body, and its answer."""
    post = {"mimeType": "text/plain", "text": body} | ({"encoding": encoding} if encoding else {})
    content = {"size": -1, "mimeType": "text/plain", "text": answer or ""}
    content |= {"encoding": answer_encoding} if answer_encoding else {}
    request: dict[str, object] = {
        "method": "POST",
        "url": url,
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": name, "value": value} for name, value in headers],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": 0 if body is None else -1,
    }
    if body is not None:
        request["postData"] = post
    response = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": [], "cookies": []}
    return {
        "startedDateTime": "2026-01-02T03:04:05.000Z",
        "time": 1,
        "request": request,
        "response": response | {"content": content, "redirectURL": "", "headersSize": -1, "bodySize": -1},
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def har(*entries: dict[str, object]) -> bytes:
    """A HAR of these entries."""
    log = {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": list(entries)}
    return json.dumps({"log": log}).encode()
