"""Exchanges written as ndjson and as a HAR, and read back."""

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.model.exchange import Direction, Exchange, Message, Piece, Protocol, Transport
from phonehome.readers import iter_inputs, read_input
from phonehome.readers.base import Item
from phonehome.readers.har import HarReader
from phonehome.reports.exchanges import HarWriter, exchanges_schema, iter_har, iter_ndjson

CASES = Path(__file__).parents[2] / "cases"
RECORDINGS = [*sorted(CASES.glob("har-*/*.har")), *sorted(CASES.glob("mitm-*/*.mitm"))]

TIME = datetime(2024, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
RAW = Exchange(
    index=0,
    time=None,
    protocol=Protocol.RAW,
    url=b"tcp://192.0.2.1:5223",
    host="push.example.org",
    address="192.0.2.1",
    port=5223,
    transport=Transport.TLS,
    app="org.example.app",
    packets=(4, 7),
    pieces=(
        Piece(direction=Direction.UP, data=b"\x00\xff", time=TIME),
        Piece(direction=Direction.DOWN, data=b"text", text=False),
    ),
)
DNS = Exchange(
    index=1,
    time=TIME,
    protocol=Protocol.DNS,
    method="QUERY",
    url=b"dns:example.org?type=A",
    host=None,
    transport=Transport.CLEARTEXT,
    request=Message(size=29),
    response=Message(body=b"example.org 60 A 192.0.2.1", size=45),
)
HTTP = Exchange(
    index=2,
    time=TIME,
    protocol=Protocol.HTTP_2,
    method="POST",
    url=b"https://example.org/\xff?q=1",
    host="example.org",
    port=443,
    transport=Transport.TLS,
    status=200,
    request=Message(
        headers=((b"X-\xff", b"\x80\xe9"), (b"Content-Type", b"text/plain"), (b"content-encoding", b"br")),
        body=b"\x8b\x02\x80",
        codings=("br",),
        size=0,
        truncated=True,
    ),
    response=Message(headers=((b"Cookie", b"no"),), body="ï¿½ \ufffd \x00".encode(), size=7),
)


def read_back(exchanges: list[Exchange]) -> list[Item]:
    text = b"".join(iter_har(exchanges))
    return list(HarReader().read(io.BytesIO(text), where="again.har", number=0))


def renumber(exchanges: list[Exchange]) -> list[Exchange]:
    """Number exchanges as a reader will: a file that is written has no broken entries."""
    return [replace(exchange, index=index, input=0) for index, exchange in enumerate(exchanges)]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_recording_comes_back_from_a_har(path: Path) -> None:
    exchanges = [item for item in read_input(iter_inputs([path])[0]) if isinstance(item, Exchange)]
    assert exchanges
    assert read_back(exchanges) == renumber(exchanges)


@pytest.mark.parametrize("exchange", [RAW, DNS, HTTP], ids=["raw", "dns", "http"])
def test_what_har_has_no_field_for_comes_back_too(exchange: Exchange) -> None:
    assert read_back([exchange]) == renumber([exchange])


BYTES = st.binary(max_size=12) | st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass"))
MESSAGES = st.builds(
    Message,
    headers=st.lists(st.tuples(BYTES, BYTES), max_size=3).map(tuple),
    body=BYTES,
    codings=st.sampled_from([(), ("gzip",), ("br", "zstd")]),
    size=st.integers(0, 10**9),
    truncated=st.booleans(),
)
PIECES = st.builds(
    Piece,
    direction=st.sampled_from(Direction),
    data=BYTES,
    time=st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    text=st.booleans(),
)
EXCHANGES = st.builds(
    Exchange,
    index=st.just(0),
    time=st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    protocol=st.sampled_from(Protocol),
    method=st.none() | st.sampled_from(["GET", "POST", "x y"]),
    url=st.none() | BYTES.map(lambda tail: b"https://example.org/" + tail),
    host=st.none() | st.just("example.org"),
    address=st.sampled_from([None, "192.0.2.1", "2001:db8::1"]),
    port=st.none() | st.integers(0, 65535),
    transport=st.none() | st.sampled_from(Transport),
    app=st.none() | st.text(min_size=1, max_size=5),
    packets=st.lists(st.integers(1, 99), max_size=2).map(tuple),
    status=st.none() | st.integers(100, 599),
    request=st.none() | MESSAGES,
    response=st.none() | MESSAGES,
    pieces=st.lists(PIECES, max_size=2).map(tuple),
)


@given(EXCHANGES)
def test_any_exchange_comes_back_from_a_har(exchange: Exchange) -> None:
    # Without a response HAR's status has no meaning; no reader makes such an exchange.
    exchange = replace(exchange, status=exchange.status if exchange.response is not None else None)
    assert read_back([exchange]) == [exchange]


@given(EXCHANGES, st.booleans())
def test_any_exchange_is_a_valid_line_of_ndjson(exchange: Exchange, bodies: bool) -> None:
    [line] = iter_ndjson([exchange], bodies=bodies)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    jsonschema.Draft202012Validator(exchanges_schema()).validate(json.loads(line))


def plainly(message: Message | None, *, bodies: bool) -> object:
    if message is None:
        return None
    return {
        "headers": [
            [part.decode("utf-8", "backslashreplace") for part in header] for header in message.headers
        ],
        "size": message.size,
        "sha256": hashlib.sha256(message.body).hexdigest(),
        "codings": list(message.codings),
        "truncated": message.truncated,
        "body": base64.b64encode(message.body).decode() if bodies else None,
    }


@given(exchange=EXCHANGES, bodies=st.booleans())
def test_a_line_is_what_plain_json_would_be(exchange: Exchange, bodies: bool) -> None:
    [line] = iter_ndjson([exchange], bodies=bodies)
    read = json.loads(line)
    assert read["time"] == (exchange.time.isoformat().replace("+00:00", "Z") if exchange.time else None)
    assert read["url"] == (exchange.url.decode("utf-8", "backslashreplace") if exchange.url else None)
    plain = (exchange.protocol, exchange.method, exchange.host, exchange.address, exchange.port, exchange.app)
    named = ("protocol", "method", "host", "address", "port", "app")
    assert tuple(read[name] for name in named) == plain
    assert (read["packets"], read["status"]) == (list(exchange.packets), exchange.status)
    assert read["transport"] == (exchange.transport.value if exchange.transport is not None else None)
    assert read["request"] == plainly(exchange.request, bodies=bodies)
    assert read["response"] == plainly(exchange.response, bodies=bodies)
    assert [(piece["direction"], piece["text"], piece["size"]) for piece in read["messages"]] == [
        (piece.direction, piece.text, len(piece.data)) for piece in exchange.pieces
    ]


def test_half_of_a_surrogate_pair_is_written_with_an_escape() -> None:
    [line] = iter_ndjson([replace(HTTP, method="G\ud800T")], bodies=True)
    assert json.loads(line)["method"] == "G\ud800T"


def test_a_line_says_what_the_contract_says() -> None:
    [line] = iter_ndjson([HTTP], bodies=True)
    read = json.loads(line)
    assert read["time"] == "2024-05-01T10:00:00.123456Z"
    assert (read["method"], read["protocol"], read["transport"], read["status"]) == (
        "POST",
        "http/2",
        "tls",
        200,
    )
    assert read["url"] == "https://example.org/\\xff?q=1"
    assert read["request"]["headers"][0] == ["X-\\xff", "\\x80\\xe9"]
    assert base64.b64decode(read["request"]["body"]) == b"\x8b\x02\x80"
    assert read["request"]["sha256"] == hashlib.sha256(b"\x8b\x02\x80").hexdigest()
    assert read["messages"] == []


def test_bodies_are_null_unless_asked_for() -> None:
    raw, http = map(json.loads, iter_ndjson([RAW, HTTP], bodies=False))
    assert raw["request"] is None
    assert http["request"]["body"] is None
    assert [message["body"] for message in raw["messages"]] == [None, None]
    assert [message["size"] for message in raw["messages"]] == [2, 4]
    assert [message["direction"] for message in raw["messages"]] == ["up", "down"]


def test_a_har_has_what_har_1_2_requires() -> None:
    log = json.loads(b"".join(iter_har([RAW, DNS, HTTP])))["log"]
    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "phonehome"
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString"} <= entry[
            "request"
        ].keys()
        assert {"status", "statusText", "httpVersion", "content", "redirectURL"} <= entry["response"].keys()


def test_both_stream() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Exchange]:
        for index in range(10**9):
            taken.append(index)
            yield replace(HTTP, index=index)

    for pieces in (iter_har(endless()), iter_ndjson(endless(), bodies=True)):
        taken.clear()
        for _ in range(5):
            next(pieces)
        assert len(taken) <= 5


def test_ordinary_exchanges_are_written_by_the_quick_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = replace(
        HTTP, url=b"https://example.org/", request=Message(body=b"\xff", size=1), response=Message()
    )
    monkeypatch.delattr(json, "dumps")  # the other one
    [line] = iter_ndjson([plain], bodies=True)
    assert json.loads(line)["request"]["body"] == "/w=="
    assert json.loads(HarWriter().render(plain))["request"]["postData"]["text"] == "/w=="
