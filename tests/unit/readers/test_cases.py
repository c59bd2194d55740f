"""Every recording among the cases is read as its expected.json says."""

import hashlib
import json
from pathlib import Path

import pytest

from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange, Message
from phonehome.model.problem import Problem
from phonehome.readers import iter_inputs, read_input

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(
    path.name for path in CASES.iterdir() if path.name.startswith(("har-", "mitm-", "hostile-mitm-"))
)


def capture_of(case: str) -> Path:
    [capture] = [path for path in (CASES / case).iterdir() if path.name not in ("README.md", "expected.json")]
    return capture


def describe_message(message: Message | None) -> dict[str, object] | None:
    if message is None:
        return None
    return {
        "headers": len(message.headers),
        "size": message.size,
        "codings": list(message.codings),
        "sha256": hashlib.sha256(message.body).hexdigest(),
    }


def describe(exchange: Exchange) -> dict[str, object]:
    url = exchange.url or b""
    return {
        "index": exchange.index,
        "time": exchange.time.isoformat() if exchange.time else None,
        "protocol": exchange.protocol,
        "method": exchange.method,
        "url": hashlib.sha256(url).hexdigest()[:16] if len(url) > 200 else url.decode(),
        "host": exchange.host,
        "address": exchange.address,
        "port": exchange.port,
        "transport": exchange.transport,
        "status": exchange.status,
        "request": describe_message(exchange.request),
        "response": describe_message(exchange.response),
        "messages": [
            [piece.direction, piece.text, hashlib.sha256(piece.data).hexdigest()] for piece in exchange.pieces
        ],
    }


def test_there_are_cases_of_each_kind() -> None:
    assert len([name for name in NAMES if name.startswith("har-")]) >= 12
    assert len([name for name in NAMES if name.startswith("mitm-")]) >= 18
    assert len([name for name in NAMES if name.startswith("hostile-")]) >= 3


@pytest.mark.parametrize("case", NAMES)
def test_a_recording_reads_as_expected(case: str) -> None:
    capture = capture_of(case)
    expected = json.loads((CASES / case / "expected.json").read_text(encoding="utf-8"))
    if "error" in expected:
        with pytest.raises(InputError) as caught:
            iter_inputs([capture])
        assert str(caught.value) == f"{capture}: {expected['error']}"
        return
    [file] = iter_inputs([capture])
    reading = read_input(file)
    items = list(reading)
    exchanges = [describe(item) for item in items if isinstance(item, Exchange)]
    problems = [
        {"index": item.index, "lost": item.lost, "reason": item.reason}
        for item in items
        if isinstance(item, Problem)
    ]
    assert exchanges == expected["exchanges"]
    assert problems == expected["problems"]
    assert reading.facts.format == expected["format"]
    assert reading.facts.sha256 == hashlib.sha256(capture.read_bytes()).hexdigest()
    assert reading.facts.size == capture.stat().st_size


@pytest.mark.parametrize("case", [name for name in NAMES if name.startswith("har-")])
def test_a_har_is_read_like_the_json_it_is(case: str) -> None:
    """An independent look at the same file: the whole JSON at once, and only the plain fields."""
    capture = capture_of(case)
    entries = json.loads(capture.read_bytes().decode("utf-8-sig"))["log"]["entries"]
    exchanges = [item for item in read_input(iter_inputs([capture])[0]) if isinstance(item, Exchange)]
    assert len(exchanges) == len(entries)
    for entry, exchange in zip(entries, exchanges, strict=True):
        request = entry["request"]
        assert exchange.method == request["method"]
        assert exchange.url == request["url"].encode()
        assert exchange.request is not None
        assert exchange.request.headers == tuple(
            (header["name"].encode(), header["value"].encode()) for header in request["headers"]
        )
        assert exchange.request.body == request.get("postData", {}).get("text", "").encode()
        assert (exchange.status or 0) == entry["response"]["status"]


def test_the_demo_app_is_named_where_its_traffic_went() -> None:
    capture = capture_of("har-tweasel-android-first-run")
    hosts = {item.host for item in read_input(iter_inputs([capture])[0]) if isinstance(item, Exchange)}
    assert {"graph.facebook.com", "api2.branch.io", "sessions.bugsnag.com"} <= hosts
