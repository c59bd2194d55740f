"""What was recorded and what could be read is measured in the captures, and not taken from the sender's plan."""

import re
import shutil
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from phonehome.audit.case_run import CaseOptions
from phonehome.demo.story import CASE
from phonehome.documents.score import ScoreDocument
from phonehome.lab.moments import pair, read_moment
from phonehome.lab.scoring import score_case
from phonehome.lab.sending import digest_request, least_size, split_target

CLEAR, SEALED = "01-factory-no-account", "04-update-all-on"
PACKET, SECRETS = 6, 10
Blocks = list[tuple[int, bytes]]


def read_blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at : at + length]
        at += length


def scored(tmp_path: Path, session: str, change: Callable[[Blocks], Blocks]) -> ScoreDocument:
    """Score the demo's case after a capture of its was changed."""
    root = tmp_path / "case"
    shutil.copytree(CASE, root)
    capture = root / "sessions" / session / "traffic.pcapng"
    changed = change(list(read_blocks(capture.read_bytes())))
    capture.write_bytes(b"".join(block for _, block in changed))
    described = capture.with_name("session.yaml")
    text = described.read_text(encoding="utf-8")
    described.write_text(re.sub(r", sha256: \w+, size: \d+", "", text), encoding="utf-8")
    return score_case(root, CaseOptions())


def test_packets_that_a_recorder_lost_are_lost_and_not_missed(tmp_path: Path) -> None:
    def lose_the_end(blocks: Blocks) -> Blocks:
        packets = [block for block in blocks if block[0] == PACKET]
        return [block for block in blocks if block[0] != PACKET] + packets[: len(packets) // 2]

    score = scored(tmp_path, CLEAR, lose_the_end)
    assert {one.session for one in score.lost} == {CLEAR}
    assert score.funnel.recorded == 15 - sum(one.count for one in score.lost) < 15
    assert score.funnel.readable == score.funnel.found == score.funnel.recorded
    assert (score.missed, score.false_not_seen.count, score.perfect) == ([], 0, False)


def test_a_capture_without_its_keys_holds_everything_and_opens_nothing(tmp_path: Path) -> None:
    score = scored(tmp_path, SEALED, lambda blocks: [block for block in blocks if block[0] != SECRETS])
    assert score.lost == []
    assert score.funnel.recorded == 15
    assert {one.session for one in score.unread} == {SEALED}
    assert score.funnel.readable == 15 - sum(one.count for one in score.unread) < 15
    assert [(spot.session, spot.said) for spot in score.blind_spots] == [(SEALED, True)]
    assert (score.missed, score.perfect) == ([], False)


def test_closed_bytes_have_room_for_no_more_than_their_number(tmp_path: Path) -> None:
    def lose_keys_and_most(blocks: Blocks) -> Blocks:
        kept = [block for block in blocks if block[0] not in (SECRETS, PACKET)]
        return kept + [block for block in blocks if block[0] == PACKET][:12]

    score = scored(tmp_path, SEALED, lose_keys_and_most)
    assert {one.session for one in score.lost} == {SEALED}


def test_requests_are_told_apart_by_verb_host_target_and_body() -> None:
    asked = ("GET", "api.example.com", b"/a?b=c", b"")
    others = [
        ("POST", *asked[1:]),
        ("GET", "example.com", *asked[2:]),
        (*asked[:2], b"/a", b""),
        (*asked[:3], b"x"),
    ]
    digests = {digest_request(*one) for one in [asked, *others]}
    assert len(digests) == 5
    # Bytes that move from one part to the next make another request.
    assert digest_request("GET", "a", b"/b", b"c") != digest_request("GET", "a", b"/bc", b"")
    assert least_size(b"12345") == 31
    assert split_target(b"http://api.example.com/a?b=/c") == b"/a?b=/c"
    assert split_target(b"no address") == b""


MOMENT = datetime(2014, 8, 7, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("noted", "found", "pairs"),
    [
        ([0, 60], [60.2, 0.1], [(0, 1), (1, 0)]),
        ([0, 60], [60], [(1, 0)]),
        ([0], [11], []),
        ([11], [0], []),
        ([0, 0], [0.5], [(0, 0)]),
        ([0, None], [None, 1], [(0, 1)]),
    ],
)
def test_moments_are_paired_with_what_is_near(
    noted: list[float | None], found: list[float | None], pairs: list[tuple[int, int]]
) -> None:
    def at(seconds: list[float | None]) -> list[datetime | None]:
        return [None if one is None else MOMENT + timedelta(seconds=one) for one in seconds]

    assert pair(at(noted), at(found)) == pairs


@pytest.mark.parametrize("text", ["", "yesterday", "2014-08-07T10:00:00", "2014-02-31T10:00:00Z"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert read_moment(text) is None
    assert read_moment("2014-08-07T10:00:00Z") == MOMENT
