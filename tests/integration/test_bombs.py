"""Small input that wants to become large work: it ends at a bound, in little memory, and the report names the bound.

Each run has 3 GB of address space, libraries and address data included; reaching it would be a fault (70).
"""

import base64
import json
import time
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from command_line import IMEI, Ended, entry, har, run

MOST_MEMORY = 3 * 1024**3
GIBIBYTE = 1 << 30
TRAP_BYTES = 1_000_000
ENOUGH_SECONDS = 120
"""Not a measure of speed, only of whether work explodes: each of these takes a few seconds."""


def gzip_of(pieces: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join([packer.compress(piece) for piece in pieces] + [packer.flush()])


@cache
def zeros() -> str:
    """4 GiB of zeros, compressed, in Base64."""
    block = bytes(1 << 20)
    return base64.b64encode(gzip_of(block for _ in range(4 << 10))).decode()


def reasons(ended: Ended) -> str:
    """What the report says could not be read, in one text."""
    assert ended.status == 0, ended.err
    assert all("lost something" in line for line in ended.err.splitlines()), ended.err
    return "\n".join(problem["reason"] for problem in json.loads(ended.out)["problems"])


def audit(capture: Path, subject: Path) -> Ended:
    began = time.monotonic()
    ended = run("audit", capture, "--subject", subject, "--format", "json", most_memory=MOST_MEMORY)
    assert time.monotonic() - began < ENOUGH_SECONDS
    return ended


def is_found(ended: Ended) -> bool:
    return any(finding["value_id"] == "imei-1" for finding in json.loads(ended.out)["findings"])


AFTER = entry(f"https://after.example.com/?imei={IMEI}")


@pytest.mark.heavy
@pytest.mark.parametrize("place", ["answer", "body"])
def test_four_gibibytes_in_a_body(tmp_path: Path, subject: Path, place: str) -> None:
    if place == "answer":
        bomb = entry(answer=zeros(), answer_encoding="base64")
    else:
        bomb = entry(headers=[("Content-Encoding", "gzip")], body=zeros(), encoding="base64")
    (tmp_path / "bomb.har").write_bytes(har(bomb, AFTER))
    ended = audit(tmp_path / "bomb.har", subject)
    assert "32 MiB" in reasons(ended)
    assert is_found(ended)


@cache
def padded_har() -> bytes:
    """A HAR with 4 GiB of spaces in it, compressed."""

    def pieces() -> Iterator[bytes]:
        yield har(AFTER)[:-2] + b', "comment": "'
        block = b" " * (1 << 20)
        yield from (block for _ in range(4 << 10))
        yield b'"}}'

    return gzip_of(pieces())


@pytest.mark.heavy
@pytest.mark.parametrize("command", ["audit", "exchanges"])
def test_four_gibibytes_around_a_har(tmp_path: Path, subject: Path, command: str) -> None:
    (tmp_path / "traffic.har.gz").write_bytes(padded_har())
    if command == "exchanges":
        ended = run("exchanges", tmp_path / "traffic.har.gz", most_memory=MOST_MEMORY)
        assert ended.status == 0
        assert "holds more than is unwrapped" in ended.err
        assert len(ended.out.splitlines()) == 1
        return
    ended = audit(tmp_path / "traffic.har.gz", subject)
    assert "holds more than is unwrapped" in reasons(ended)
    assert is_found(ended)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_million_levels_of_json_as_an_entry(tmp_path: Path, subject: Path, opening: str) -> None:
    deep = opening * 1_000_000 + "1" + ("]" if opening == "[" else "}") * 1_000_000
    (tmp_path / "deep.har").write_bytes(har(entry(), AFTER).replace(b', {"s', f', {deep}, {{"s'.encode(), 1))
    ended = audit(tmp_path / "deep.har", subject)
    assert "nested too deeply" in reasons(ended)
    assert json.loads(ended.out)["coverage"]["exchanges"] == 2
    assert is_found(ended)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_million_levels_of_json_as_a_body(tmp_path: Path, subject: Path, opening: str) -> None:
    deep = opening * 1_000_000 + f'"{IMEI}"' + ("]" if opening == "[" else "}") * 1_000_000
    (tmp_path / "deep.har").write_bytes(har(entry(body=deep)))
    ended = audit(tmp_path / "deep.har", subject)
    assert "nested deeper" in reasons(ended)
    assert is_found(ended)  # in the text as it stands


TRAPS = {
    name: (unit * TRAP_BYTES)[:TRAP_BYTES]
    for name, unit in {
        "percent": "%",
        "percent-25": "%25",
        "letters": "A",
        "equals": "=",
        "angles": "<",
        "elements": "<a>",
        "entities-cut": "&#",
        "entities": "&#65;",
        "digits": "1",
        "digits-separated": "1-",
        "pairs-separated": "12:",
        "backslashes": "\\",
        "escapes": "\\u0041",
        "quotes": '"',
        "brackets": "[",
        "ampersands": "&",
        "pairs": "a=b&",
        "segments": "/a",
        "mail": "a@",
        "tildes": "<~",
        "tokens": "eyJ.",
        "hex": "deadbeef",
        "lines": "A" * 76 + "\n",
        "lines-too-long": "A" * 77 + "\n",
    }.items()
} | {
    # Only where there are lines are encoded lines looked for; these runs are followed by no end of line.
    f"{name}-behind-a-line": ("a\n" + unit * TRAP_BYTES)[:TRAP_BYTES]
    for name, unit in {
        "letters": "A",
        "digits": "1",
        "hex": "deadbeef",
        "base64": "aB3/",
        "dashes": "aB3-",
    }.items()
}


@pytest.mark.heavy
@pytest.mark.parametrize(
    "trap",
    [
        pytest.param(name, marks=() if not number % 3 else pytest.mark.soak)
        for number, name in enumerate(TRAPS)
    ],
)
def test_a_trap_for_patterns_ends_and_hides_nothing(tmp_path: Path, subject: Path, trap: str) -> None:
    """In the URL, a header, a cookie and the body, each with a value behind it, so that masking works on it too."""
    text = TRAPS[trap]
    (tmp_path / "trap.har").write_bytes(
        har(
            entry(f"https://example.com/?a={text}&imei={IMEI}"),
            entry(headers=[("X-A", text), ("Cookie", f"a={text}")], body=f"{text} imei={IMEI}"),
        )
    )
    ended = audit(tmp_path / "trap.har", subject)
    reasons(ended)
    document = json.loads(ended.out)
    assert {finding["exchange"]["index"] for finding in document["findings"]} == {0, 1}
    assert IMEI not in ended.out


def test_a_hundred_thousand_headers(tmp_path: Path, subject: Path) -> None:
    headers = [(f"X-{number}", f"v{number}") for number in range(100_000)]
    (tmp_path / "headers.har").write_bytes(har(entry(headers=[*headers, ("X-Id", IMEI)])))
    ended = audit(tmp_path / "headers.har", subject)
    assert "more than 2,000 headers" in reasons(ended)
    assert is_found(ended)


def test_a_million_parameters(tmp_path: Path, subject: Path) -> None:
    pairs = "&".join(f"a{number}=v{number}" for number in range(1_000_000))
    (tmp_path / "query.har").write_bytes(har(entry(f"https://example.com/?{pairs}&imei={IMEI}")))
    ended = audit(tmp_path / "query.har", subject)
    assert "parts in a row of pairs" in reasons(ended)
    assert is_found(ended)


@pytest.mark.heavy
def test_a_body_of_nothing_but_known_values(tmp_path: Path, subject: Path) -> None:
    (tmp_path / "full.har").write_bytes(har(entry(body=f"{IMEI} " * 300_000)))
    ended = audit(tmp_path / "full.har", subject)
    assert "so often that the search ended" in reasons(ended)
    assert is_found(ended)


def test_a_document_full_of_known_values(tmp_path: Path, subject: Path) -> None:
    """Each finding is located in its document; that must not scan the document anew each time."""
    member = {"a": IMEI, "b": base64.b64encode(IMEI.encode()).decode()}
    (tmp_path / "full.har").write_bytes(har(entry(body=json.dumps([member] * 10_000))))
    ended = audit(tmp_path / "full.har", subject)
    reasons(ended)
    document = json.loads(ended.out)
    assert "$[0].a" in {finding["path"] for finding in document["findings"]}
    assert sum(flow["count"] for flow in document["flows"]) >= 10_000  # MAX_PLACES
