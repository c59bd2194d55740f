"""Short ways to a subject, an exchange and its findings, for the tests of the detection engine."""

import json
from collections.abc import Iterable
from pathlib import Path

from phonehome.detect import Detector, Examined
from phonehome.model.exchange import Direction, Exchange, Header, Message, Piece, Protocol, Transport
from phonehome.model.finding import Finding, Part
from phonehome.model.subject import DataType, KnownValue, Subject

IMEI = "490154203237518"
EMAIL = "bartholomew.quillfeather@example.org"
PHONE = "+12025550143"
NAME = "Bartholomew Quillfeather"
ANDROID_ID = "9f3c7be1a4d80265"
AD_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MAC = "3c:5a:b4:7f:12:e9"
SMS = "The heron eats the pickled lantern at nine, bring umbrellas and seven spoons"


def known(kind: str, value: str, name: str | None = None) -> KnownValue:
    return KnownValue(id=name or kind.replace("_", "-") + "-1", type=DataType(kind), value=value)


def subject_of(*values: KnownValue, region: str | None = None) -> Subject:
    return Subject(values=values, region=region)


def sent(
    body: bytes = b"",
    *,
    url: bytes = b"https://collect.example.net/v1",
    headers: Iterable[Header] = (),
    codings: Iterable[str] = (),
    response: bytes = b"",
    response_headers: Iterable[Header] = (),
    pieces: Iterable[bytes] = (),
    protocol: Protocol = Protocol.HTTP_1_1,
    index: int = 0,
) -> Exchange:
    """One exchange upward; `pieces` are messages, the first of them up, then by turns."""
    directions = (Direction.UP, Direction.DOWN)
    return Exchange(
        index=index,
        protocol=protocol,
        method="POST",
        url=url,
        host="collect.example.net",
        transport=Transport.TLS,
        request=Message(headers=tuple(headers), body=body, codings=tuple(codings), size=len(body)),
        response=Message(headers=tuple(response_headers), body=response, size=len(response)),
        pieces=tuple(
            Piece(direction=directions[number % 2], data=data) for number, data in enumerate(pieces)
        ),
    )


def examine(subject: Subject, *exchanges: Exchange) -> list[Examined]:
    return list(Detector(subject).examine(exchanges))


def find(subject: Subject, *exchanges: Exchange) -> list[Finding]:
    return [finding for examined in examine(subject, *exchanges) for finding in examined.findings]


def part_bytes(finding: Finding) -> bytes:
    """The part that a finding names, cut out of the exchange by other means than the detector's."""
    exchange = finding.exchange
    request, response = exchange.request or Message(), exchange.response or Message()
    match finding.part:
        case Part.REQUEST_URL:
            return exchange.url or b""
        case Part.REQUEST_HEADERS:
            return b"".join(name + b": " + value + b"\r\n" for name, value in request.headers)
        case Part.RESPONSE_HEADERS:
            return b"".join(name + b": " + value + b"\r\n" for name, value in response.headers)
        case Part.REQUEST_BODY:
            return request.body
        case Part.RESPONSE_BODY:
            return response.body
        case Part.MESSAGE | Part.STREAM:
            return exchange.pieces[int(finding.path.partition(" > ")[0].removeprefix("message:"))].data


def cut_out(finding: Finding) -> bytes:
    """The bytes of the part to which offset and length point."""
    assert finding.offset is not None
    return part_bytes(finding)[finding.offset : finding.offset + finding.length]


def har_entry(
    body: str = "",
    *,
    url: str = "https://collect.example.net/v1",
    headers: Iterable[tuple[str, str]] = (),
    response: str = "",
    mime: str = "text/plain",
    encoding: str | None = None,
) -> dict[str, object]:
    """One entry of a HAR with a POST."""
    post: dict[str, object] = {"mimeType": mime, "text": body}
    if encoding is not None:
        post["encoding"] = encoding
    return {
        "startedDateTime": "2026-03-01T12:00:00.000Z",
        "time": 1,
        "request": {
            "method": "POST",
            "url": url,
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": name, "value": value} for name, value in headers],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": -1,
            "postData": post,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "headers": [],
            "cookies": [],
            "content": {"size": len(response), "mimeType": "text/plain", "text": response},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def write_har(folder: Path, *entries: dict[str, object], name: str = "traffic.har") -> str:
    target = folder / name
    log = {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": list(entries)}
    target.write_text(json.dumps({"log": log}), encoding="utf-8")
    return str(target)
