"""What tshark reads in a capture: an opinion that is independent of ours.

From PDML, because there every field has its bytes: tshark's JSON and its columns shorten or escape bodies.
"""

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, iterparse

SECONDS = 120
OPTIONS = (
    "tcp.reassemble_out_of_order:TRUE",  # off by default, although recordings hold such segments
    "tcp.try_heuristic_first:TRUE",  # HTTP in clear on port 443
    "http.decompress_body:FALSE",  # bodies as they were sent
)
_DATA, _PUSH = "0", "5"  # frame types, RFC 9113 section 6


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Request:
    """What makes two tools' requests the same."""

    method: str
    host: str
    path: str
    sha256: str

    @classmethod
    def of(cls, method: str, host: str, target: str, body: bytes) -> "Request":
        """From a request's parts; a target in absolute form overrides the host."""
        if "://" in target.partition("?")[0]:
            parts = urlsplit(target)
            host, target = parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")
        return cls(method=method, host=_host(host), path=target or "/", sha256=digest(body))


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Response:
    """The same of responses."""

    status: int
    sha256: str


@dataclass(slots=True)
class Seen:
    """All that a tool read in one capture, in no order that means anything."""

    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)


@dataclass(slots=True)
class _Half:
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


def digest(body: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()


def _host(text: str) -> str:
    """Without port and in small letters; an IPv6 address without brackets."""
    return (urlsplit(f"//{text}").hostname or "") if text else ""


def read_with_tshark(capture: Path, keylog: Path | None = None) -> Seen:
    """Every HTTP/1 and HTTP/2 request and response that tshark finds.

    Raises:
        RuntimeError: tshark found fault with the file before its end.
    """
    options = [*OPTIONS, *([f"tls.keylog_file:{keylog}"] if keylog is not None else [])]
    command = ["tshark", "-r", str(capture), "-T", "pdml", "-Y", "http or http2"]
    command += [word for option in options for word in ("-o", option)]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        done = subprocess.run(command, stdout=output, stderr=errors, check=False, timeout=SECONDS)
        output.seek(0)
        errors.seek(0)
        if done.returncode:
            complaint = errors.read().decode(errors="replace").strip()
            raise RuntimeError(f"tshark ended with {done.returncode}: {complaint}")
        return _read_pdml(output)


def _read_pdml(stream: IO[bytes]) -> Seen:
    seen = Seen()
    streams: dict[tuple[str, str, str, bool], list[_Half]] = {}
    for _, packet in iterparse(stream):
        if packet.tag != "packet":
            continue
        tcp = _show(packet, "tcp.stream")
        for proto in packet.iter("proto"):
            if proto.get("name") == "http":
                _add_http1(proto, seen)
            elif proto.get("name") == "http2":
                for frame in proto.findall("field[@name='http2.stream']"):
                    _add_frame(frame, tcp, _sender(packet), streams)
        packet.clear()
    _add_streams(streams, seen)
    return seen


def _sender(packet: Element) -> str:
    """Tells the two directions of a connection apart."""
    return f"{_show(packet, 'ip.src')}{_show(packet, 'ipv6.src')}:{_show(packet, 'tcp.srcport')}"


def _add_http1(proto: Element, seen: Seen) -> None:
    body = _raw(proto, "http.file_data") or _coded_body(proto)
    if method := _show(proto, "http.request.method"):
        target = _raw(proto, "http.request.uri").decode("utf-8", "backslashreplace")
        seen.requests.append(Request.of(method, _show(proto, "http.host"), target, body))
    elif status := _show(proto, "http.response.code"):
        seen.responses.append(Response(status=int(status), sha256=digest(body)))


def _coded_body(proto: Element) -> bytes:
    """A body that tshark was told not to decompress stands in a field without a name."""
    for found in proto.iter("field"):
        if found.get("show", "").startswith("Content-encoded entity body"):
            return bytes.fromhex(found.get("value", ""))
    return b""


def _add_frame(
    frame: Element, tcp: str, sender: str, streams: dict[tuple[str, str, str, bool], list[_Half]]
) -> None:
    kind = _show(frame, "http2.type")
    stream = _show(frame, "http2.streamid")
    pushed = kind == _PUSH
    halves = streams.setdefault((tcp, sender, stream, pushed), [])
    if kind == _DATA and halves:
        # With the last of several frames tshark gives the whole body, and calls it data of that frame too.
        if whole := _raw(frame, "http2.body.reassembled.data"):
            halves[-1].body[:] = whole
        else:
            halves[-1].body += b"".join(_all_raw(frame, "http2.data.data"))
    headers = [
        (_text(header, "http2.header.name"), _text(header, "http2.header.value"))
        for header in frame.iter("field")
        if header.get("name") == "http2.header"
    ]
    if any(name in (":method", ":status") for name, _ in headers):
        halves.append(_Half(headers=headers))


def _add_streams(streams: dict[tuple[str, str, str, bool], list[_Half]], seen: Seen) -> None:
    for halves in streams.values():
        for half in halves:
            body = bytes(half.body)
            if method := half.get(":method"):
                host = half.get(":authority") or half.get("host")
                seen.requests.append(Request.of(method, host, half.get(":path"), body))
            else:
                seen.responses.append(Response(status=int(half.get(":status")), sha256=digest(body)))


def _fields(element: Element, name: str) -> Iterator[Element]:
    return (found for found in element.iter("field") if found.get("name") == name)


def _show(element: Element, name: str) -> str:
    return next((found.get("show", "") for found in _fields(element, name)), "")


def _all_raw(element: Element, name: str) -> Iterator[bytes]:
    return (bytes.fromhex(found.get("value", "")) for found in _fields(element, name))


def _raw(element: Element, name: str) -> bytes:
    return next(_all_raw(element, name), b"")


def _text(element: Element, name: str) -> str:
    return _raw(element, name).decode("utf-8", "backslashreplace")
