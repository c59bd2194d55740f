"""The HARs that an independent tool (pcap2har) made of the same captures: same requests, answers and messages."""

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from read_exchanges import body_of, read_exchanges

CASES = Path(__file__).parents[2] / "cases"
GOLDEN = sorted(CASES.glob("pcap-*/golden.har"))
Line = Mapping[str, Any]


def capture_of(golden: Path) -> Path:
    """The capture that a golden HAR was made of."""
    return next(path for path in golden.parent.iterdir() if path.suffix in (".pcap", ".pcapng"))


def entries_of(golden: Path) -> list[Line]:
    """The golden entries."""
    entries: list[Line] = json.loads(golden.read_bytes())["log"]["entries"]
    return entries


def text_of(message: Line) -> str:
    """A body as a HAR shows it: without its coding, as text."""
    body = body_of(message)
    return (gzip.decompress(body) if message["codings"] == ["gzip"] else body).decode("utf-8", "replace")


each_golden = pytest.mark.parametrize("golden", GOLDEN, ids=lambda path: path.parent.name)


def test_the_golden_files_are_there() -> None:
    assert len(GOLDEN) == 5


@each_golden
def test_requests_are_those_of_the_golden_har(golden: Path) -> None:
    ours = [(line["method"], line["url"]) for line in read_exchanges(capture_of(golden)).http()]
    theirs = [(entry["request"]["method"], entry["request"]["url"]) for entry in entries_of(golden)]
    assert sorted(ours) == sorted(theirs)


@each_golden
def test_sent_bodies_are_those_of_the_golden_har(golden: Path) -> None:
    ours = [body_of(line["request"]) for line in read_exchanges(capture_of(golden)).http()]
    posted = [entry["request"].get("postData") for entry in entries_of(golden)]
    theirs = [_golden_body(data) for data in posted]
    assert sorted(ours) == sorted(theirs)


def _golden_body(data: Line | None) -> bytes:
    if data is None:
        return b""
    text = data["text"] or ""
    return base64.b64decode(text) if data.get("encoding") == "base64" else text.encode()


@each_golden
def test_answers_are_those_of_the_golden_har(golden: Path) -> None:
    # Status 0: that tool gave up on the connection; tshark and phonehome read answers there.
    answers = [entry["response"] for entry in entries_of(golden) if entry["response"]["status"]]
    theirs = sorted((answer["status"], answer["content"].get("text") or "") for answer in answers)
    ours = sorted(
        (line["status"], text_of(line["response"]))
        for line in read_exchanges(capture_of(golden)).http()
        if line["response"] is not None
    )
    assert [answer for answer in theirs if answer not in ours] == []
    if len(answers) == len(entries_of(golden)):
        assert len(ours) == len(theirs)


@each_golden
def test_websocket_messages_are_those_of_the_golden_har(golden: Path) -> None:
    ways = {"up": "send", "down": "receive"}
    ours = [
        (ways[piece["direction"]], body_of(piece).decode())
        for line in read_exchanges(capture_of(golden)).http()
        for piece in line["messages"]
        if piece["text"]
    ]
    theirs = [
        (message["type"], message["data"])
        for entry in entries_of(golden)
        for message in entry.get("_webSocketMessages") or ()
        if message["opcode"] == 1
    ]
    assert ours == theirs
