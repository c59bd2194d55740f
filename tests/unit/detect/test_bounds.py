"""Hostile input ends: every bomb stops at its bound, and what was not looked at is said."""

import base64
import gzip
import io
import json
import random
import zipfile
import zlib
from dataclasses import replace

import pytest
from detecting import EMAIL, IMEI, examine, find, known, sent, subject_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonehome.detect import Detector, graph, unfold
from phonehome.model.exchange import Direction, Exchange, Piece, Protocol

SUBJECT = subject_of(known("imei", IMEI), known("email", EMAIL), known("location", "28.613912,77.209045"))
RAW = IMEI.encode()


def reasons(exchange: Exchange) -> list[str]:
    (examined,) = examine(SUBJECT, exchange)
    return [problem.reason for problem in examined.problems]


def test_a_compressed_body_larger_than_the_bound_is_searched_to_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unfold, "MAX_INFLATED", 1 << 20)
    bomb = gzip.compress(RAW + bytes(4 << 20))
    (examined,) = examine(SUBJECT, sent(bomb))
    assert [found.chain for found in examined.findings] == [("gzip",)]
    assert examined.problems


def test_bombs_inside_bombs_end() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    for _ in range(4):
        bomb = gzip.compress(bomb * 20)
    (examined,) = examine(SUBJECT, sent(bomb, headers=[(b"X", RAW)]))
    assert examined.findings


def test_a_part_that_unfolds_without_end_stops_at_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MAX_EXPANDED_PER_PART", 100_000)
    chance = random.Random(5)
    body = json.dumps(
        [base64.b64encode(zlib.compress(chance.randbytes(9) + bytes(50_000))).decode() for _ in range(9)]
    )
    assert reasons(sent(body.encode()))


def test_more_layers_than_the_bound_are_a_problem() -> None:
    body = RAW
    for _ in range(graph.MAX_DEPTH + 4):
        body = b'{"a":"' + base64.b64encode(body) + b'"}'
        if len(body) > 1 << 20:
            break
    assert any("layers" in reason for reason in reasons(sent(body)))


def test_a_content_that_holds_itself_makes_no_circle() -> None:
    circle = graph.Graph()
    circle.add_root(b"a" * 20)
    circle.add(0, "gzip", "", 0, 20, b"b" * 20)
    circle.add(1, "gzip", "", 0, 20, b"a" * 20)
    assert 0 < len(list(circle.iter_paths(0))) < 5
    assert 0 < len(list(circle.iter_paths(1))) < 5


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_json_nested_without_end_is_still_searched(opening: bytes) -> None:
    body = opening * 100_000 + b'"490154203237518"'
    assert "imei-1" in {found.value_id for found in find(SUBJECT, sent(body))}


def test_json_of_too_many_keys_is_searched_as_a_whole() -> None:
    body = b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(200_000)) + b',"imei":"490154203237518"}'
    (examined,) = examine(SUBJECT, sent(body))
    assert [found.value_id for found in examined.findings] == ["imei-1"]
    assert examined.problems


@pytest.mark.parametrize(
    "body",
    [
        b"%25" * 1_000_000,
        b"A" * 1_000_000,
        b"Ab1" * 400_000,
        b"=" * 500_000,
        b"&" * 500_000,
        b"a=" * 300_000,
        b"<" * 300_000,
        b"<a>" * 100_000,
        b"\\u0041" * 100_000,
        b"&#65;" * 100_000,
        b"--a\r\n" * 60_000,
        b"\x1f\x8b\x08\x00" * 50_000,
        b"\x0a\x01" * 100_000,
        b"\x91" * 100_000,
        b"\x81" * 100_000,
        b"ab:" * 200_000,
        b"aA " * 200_000,
        b"(((((((" * 50_000,
        b"http://" * 50_000,
    ],
    ids=lambda body: repr(body[:6]),
)
def test_monotonous_bodies_end(body: bytes) -> None:
    (examined,) = examine(SUBJECT, sent(body + b" 490154203237518", url=b"https://h.example.net/a"))
    assert "imei-1" in {found.value_id for found in examined.findings}


def test_many_encoded_tokens_are_bounded_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MAX_NODES_PER_PART", 2_000)
    chance = random.Random(2)
    tokens = [base64.b64encode(chance.randbytes(30)) for _ in range(5_000)]
    assert any("pieces" in reason for reason in reasons(sent(b"\n ".join(tokens))))


def test_a_known_value_without_end_is_counted_and_not_listed() -> None:
    (examined,) = examine(SUBJECT, sent(b"490154203237518 " * 30_000))
    assert len(examined.findings) == 1
    assert examined.findings[0].count > 1


def test_wrong_content_codings_are_a_problem_and_the_body_is_searched() -> None:
    body = b'{"imei":"490154203237518"}'
    for coding in ("gzip", "br", "x-unheard-of", "gz\x1b[31mip"):
        (examined,) = examine(SUBJECT, sent(body, codings=[coding]))
        assert [found.path for found in examined.findings] == ["$.imei"]
        assert examined.problems
        assert "\x1b" not in examined.problems[0].reason


def test_a_truncated_content_coding_gives_what_is_there() -> None:
    body = gzip.compress(b'{"imei":"490154203237518"}' + random.Random(4).randbytes(4_000).hex().encode())
    (examined,) = examine(SUBJECT, sent(body[:2_000], codings=["gzip"]))
    assert [found.value_id for found in examined.findings] == ["imei-1"]
    assert examined.problems


HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.text("{}[]\"':,\\u0041%3D&=+/;<>-_ \r\n~abcXYZ019", max_size=120).map(str.encode),
    st.binary(max_size=80).map(gzip.compress),
    st.binary(max_size=80).map(base64.b64encode),
    st.builds(bytes.__add__, st.just(b'{"imei":"490154203237518","x":"'), st.binary(max_size=60)),
)
DETECTOR = Detector(SUBJECT)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=HOSTILE,
    url=HOSTILE,
    header=st.tuples(HOSTILE, HOSTILE),
    piece=HOSTILE,
    codings=st.lists(st.sampled_from(["gzip", "br", "deflate", "zstd", "", "identity", "é"]), max_size=3),
)
def test_arbitrary_bytes_anywhere_never_raise(
    body: bytes, url: bytes, header: tuple[bytes, bytes], piece: bytes, codings: list[str]
) -> None:
    exchange = sent(body, url=url, headers=[header], codings=codings, pieces=[piece], response=body)
    raw = replace(exchange, protocol=Protocol.RAW, pieces=(Piece(direction=Direction.UP, data=piece),))
    masker = DETECTOR.make_masker(reveal=False)
    for examined in DETECTOR.examine([exchange, raw]):
        for found in examined.findings:
            assert found.count > 0
            assert found.offset is None or found.offset >= 0
            for layer in found.layers:
                assert 0 <= layer.start <= layer.end <= len(layer.data)
    for data in (body, url, header[0], piece):
        masker.text(data)
        masker.url(data, [])


def test_a_batch_of_nothing_gives_nothing() -> None:
    assert examine(SUBJECT) == []
    empty = Exchange(index=3, protocol=Protocol.HTTP)
    (examined,) = examine(SUBJECT, empty)
    assert (examined.findings, examined.problems, examined.recorded) == ((), (), 0)


def archive(*members: tuple[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return sink.getvalue()


def test_an_encrypted_archive_counts_as_unreadable_and_says_why() -> None:
    data = bytearray(archive(("a", random.Random(3).randbytes(5000))))
    data[6] |= 1  # the flag of the local header
    (examined,) = examine(SUBJECT, sent(bytes(data)))
    assert examined.unreadable_up > 5000
    assert [problem.reason for problem in examined.problems] == ["zip: 1 of 1 members is encrypted"]


def test_archives_of_zeros_inside_archives_end_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MAX_EXPANDED_PER_PART", 4 << 20)
    bomb = archive(*((f"{number}", bytes(1 << 20)) for number in range(9)))
    for _ in range(3):
        bomb = archive(*((f"{number}", bomb + bytes([number])) for number in range(9)))
    (examined,) = examine(SUBJECT, sent(bomb, headers=[(b"X", RAW)]))
    assert examined.findings
    assert any("MiB" in problem.reason for problem in examined.problems)


def test_every_part_that_holds_a_content_is_told_of_its_bound() -> None:
    """The same bomb in two exchanges is opened once, but both must say that it was not opened to its end."""
    bomb = gzip.compress(bytes(unfold.MAX_INFLATED + 1))
    detector = Detector(subject_of(known("imei", IMEI)))
    exchanges = [replace(sent(bomb), index=index) for index in range(3)]
    results = list(detector.examine(exchanges))
    assert [len(result.problems) > 0 for result in results] == [True, True, True]
