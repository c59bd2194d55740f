"""What tshark reads in a capture: an opinion that is independent of ours.

From PDML, because there every field has its bytes: tshark's JSON and its columns shorten or escape bodies.
Bodies are compared without their content coding: in HTTP/2 tshark shows some with and some without it.
"""

import gzip
import hashlib
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, iterparse

import brotli

SECONDS = 120
OPTIONS = (
    "tcp.reassemble_out_of_order:TRUE",  # off by default, although recordings hold such segments
)
ON_ANY_PORT = (
    "tcp.try_heuristic_first:TRUE",  # HTTP in clear on port 443
    "http.decompress_body:FALSE",  # bodies as they were sent
)
"""Not together with what a port is told to be: that would be forgotten."""
_DAMAGED = 2  # tshark's exit status after a file that is cut short or makes no sense
_DATA, _PUSH = "0", "5"  # frame types, RFC 9113 section 6


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Request:
    """What makes two tools' requests the same."""

    method: str
    host: str
    path: str
    sha256: str

    @classmethod
    def of(cls, method: str, host: str, target: str, body: bytes, coding: str = "") -> "Request":
        """From a request's parts; a target in absolute form overrides the host."""
        if "://" in target.partition("?")[0]:
            parts = urlsplit(target)
            host, target = parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")
        return cls(method=method, host=_host(host), path=target or "/", sha256=digest(body, coding))


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


def digest(body: bytes, coding: str = "") -> str:
    """SHA-256 in hex, of the body without its content coding where that can be taken off as a whole."""
    try:
        match coding.strip().lower():
            case "gzip":
                body = gzip.decompress(body)
            case "deflate":
                # Some servers send it without zlib's header, against RFC 9110 section 8.4.1.2.
                body = zlib.decompressobj(15 if body[:1] == b"\x78" else -15).decompress(body)
            case "br":
                body = brotli.decompress(body)
    except (OSError, EOFError, zlib.error, brotli.error):
        pass
    return hashlib.sha256(body).hexdigest()


def _host(text: str) -> str:
    """Without port and in small letters; an IPv6 address without brackets."""
    return (urlsplit(f"//{text}").hostname or "") if text else ""


def read_with_tshark(capture: Path, keylog: Path | None = None, decode_as: str | None = None) -> Seen:
    """Every HTTP/1 and HTTP/2 request and response that tshark finds, up to where the file is damaged.

    Args:
        decode_as: What to take a port for, such as `tcp.port==443,http2`.

    Raises:
        RuntimeError: tshark did not run.
    """
    options = [
        *OPTIONS,
        *(ON_ANY_PORT if decode_as is None else ()),
        *([f"tls.keylog_file:{keylog}"] if keylog is not None else []),
    ]
    command = ["tshark", "-r", str(capture), "-T", "pdml", "-Y", "http or http2"]
    command += [word for option in options for word in ("-o", option)]
    command += ["-d", decode_as] if decode_as is not None else []
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        done = subprocess.run(command, stdout=output, stderr=errors, check=False, timeout=SECONDS)
        output.seek(0)
        errors.seek(0)
        if done.returncode not in (0, _DAMAGED):
            complaint = errors.read().decode(errors="replace").strip()
            raise RuntimeError(f"tshark ended with {done.returncode}: {complaint}")
        return _read_pdml(output)


def _read_pdml(stream: IO[bytes]) -> Seen:
    seen = Seen()
    streams: dict[tuple[str, str, str, bool], list[_Half]] = {}
    for packet in _packets(stream):
        tcp = _show(packet, "tcp.stream")
        for proto in packet.iter("proto"):
            if proto.get("name") == "http":
                _add_http1(proto, _show(packet, "ip.dst") or _show(packet, "ipv6.dst"), seen)
            elif proto.get("name") == "http2":
                for frame in proto.findall("field[@name='http2.stream']"):
                    _add_frame(frame, tcp, _sender(packet), streams)
    _add_streams(streams, seen)
    return seen


def _packets(stream: IO[bytes]) -> Iterator[Element]:
    try:
        for _, element in iterparse(stream):
            if element.tag == "packet":
                yield element
                element.clear()
    except ParseError:  # of a damaged file the output just ends
        return


def _sender(packet: Element) -> str:
    """Tells the two directions of a connection apart."""
    return f"{_show(packet, 'ip.src')}{_show(packet, 'ipv6.src')}:{_show(packet, 'tcp.srcport')}"


def _add_http1(proto: Element, address: str, seen: Seen) -> None:
    coding = _show(proto, "http.content_encoding")
    body = _raw(proto, "http.file_data") or _coded_body(proto)
    if method := _show(proto, "http.request.method"):
        target = _raw(proto, "http.request.uri").decode("utf-8", "backslashreplace")
        host = _show(proto, "http.host") or (f"[{address}]" if ":" in address else address)
        seen.requests.append(Request.of(method, host, target, body, coding))
    elif status := _show(proto, "http.response.code"):
        seen.responses.append(Response(status=int(status), sha256=digest(body, coding)))


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
            body, coding = bytes(half.body), half.get("content-encoding")
            if method := half.get(":method"):
                host = half.get(":authority") or half.get("host")
                seen.requests.append(Request.of(method, host, half.get(":path"), body, coding))
            else:
                seen.responses.append(Response(status=int(half.get(":status")), sha256=digest(body, coding)))


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
