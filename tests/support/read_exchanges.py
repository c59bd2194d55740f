"""What `phonehome exchanges` reads in a capture, in the terms in which tests compare tools."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from command_line import run
from tshark_oracle import Request, Response, Seen, digest

Line = Mapping[str, Any]  # one line of ndjson, as the contract has it
HTTP = ("http/0.9", "http/1.0", "http/1.1", "http/2", "websocket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanges:
    """The lines on standard output, the problems on standard error, the exit status."""

    lines: tuple[Line, ...]
    problems: tuple[str, ...]
    status: int

    def http(self) -> Iterator[Line]:
        """The lines of HTTP/1 and HTTP/2, upgrades to WebSocket included."""
        return (line for line in self.lines if line["protocol"] in HTTP)

    def seen(self) -> Seen:
        """Requests and responses as they are compared with tshark's."""
        seen = Seen()
        for line in self.http():
            if line["request"] is not None and line["method"] is not None:
                seen.requests.append(_request(line))
            if line["response"] is not None and line["status"] is not None:
                response = line["response"]
                seen.responses.append(Response(status=line["status"], sha256=_digest(response)))
        return seen


@cache
def read_exchanges(capture: Path, keylog: Path | None = None) -> Exchanges:
    """Run the real program over a capture; the same again gives what the first run gave."""
    options: list[str | Path] = ["--format", "ndjson", "--bodies"]
    if keylog is not None:
        options += ["--keylog", keylog]
    ended = run("exchanges", capture, *options)
    lines = tuple(json.loads(line) for line in ended.out.splitlines())
    return Exchanges(lines=lines, problems=tuple(ended.sentences()), status=ended.status)


def body_of(message: Line | None) -> bytes:
    """The body of a message, as it was recorded."""
    return base64.b64decode(message["body"]) if message is not None else b""


def _request(line: Line) -> Request:
    _, _, rest = (line["url"] or "").partition("://")
    authority, slash, path = rest.partition("/")
    seen = Request.of(line["method"], authority, slash + path, b"")
    return Request(method=seen.method, host=seen.host, path=seen.path, sha256=_digest(line["request"]))


def _digest(message: Line) -> str:
    """The program's own digest; where a coding is on the body, that of the body without."""
    return digest(body_of(message), message["codings"][-1]) if message["codings"] else str(message["sha256"])
