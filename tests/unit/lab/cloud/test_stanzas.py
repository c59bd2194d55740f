"""The push stream's reader: whole, byte by byte, and with anything thrown at it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.lab.cloud.refusal import Refusal
from phonehome.lab.cloud.stanzas import (
    CLOSE,
    MAX_STANZA_BYTES,
    Stanza,
    StanzaReader,
    is_legal,
    open_stream,
    write_stanza,
)

OPENING = open_stream(to="xiaomi.com", model='HM "1SW"')
STREAM = (
    OPENING + write_stanza("message", "über <&>", id="1", to="+12025550102") + write_stanza("ping") + CLOSE
)


def _read(*pieces: bytes) -> tuple[list[Stanza], bool]:
    reader = StanzaReader()
    return [stanza for piece in pieces for stanza in reader.feed(piece)], reader.ended


def test_a_stream_reads_the_same_whole_and_byte_by_byte() -> None:
    whole, ended = _read(STREAM)
    assert ended
    assert [stanza.name for stanza in whole] == ["stream:stream", "message", "ping"]
    assert whole[0].attributes["model"] == 'HM "1SW"'
    assert whole[1] == Stanza(name="message", attributes={"id": "1", "to": "+12025550102"}, text="über <&>")
    assert _read(*(STREAM[n : n + 1] for n in range(len(STREAM)))) == (whole, True)


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(is_legal))
def test_a_legal_text_comes_out_as_it_went_in(text: str) -> None:
    (_, stanza), _ = _read(OPENING, write_stanza("message", text, id=text))
    assert stanza == Stanza(name="message", attributes={"id": text}, text=text)


@pytest.mark.parametrize("text", ["a\x08b", "\0", "\x1b[31m", "\uffff"])
def test_what_no_stream_can_hold_is_not_legal(text: str) -> None:
    assert not is_legal(text)


@pytest.mark.parametrize(
    "data",
    [
        b"<other>",
        OPENING + b"<a><b/></a>",
        OPENING + b"<!-- comment -->",
        OPENING + b"<?target data?>",
        b"<!DOCTYPE s [<!ENTITY x 'y'>]>" + OPENING,
        OPENING + b"<a>&x;</a>",
        OPENING + b"<a></b>",
        OPENING + b"<a " + b" ".join(b"a%d='1'" % n for n in range(17)) + b"/>",
        OPENING + b"\xff",
        CLOSE,
        STREAM + b"<a/>",
    ],
)
def test_what_is_no_such_stream_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal):
        _read(data)


def test_a_stanza_that_never_ends_is_refused() -> None:
    reader = StanzaReader()
    reader.feed(OPENING + b"<message>")
    for _ in range(MAX_STANZA_BYTES // 1024 - 1):
        assert reader.feed(b"x" * 1024) == []
    with pytest.raises(Refusal, match="longer"):
        reader.feed(b"x" * 2048)


@given(st.lists(st.binary(max_size=30)))
def test_anything_is_read_or_refused(pieces: list[bytes]) -> None:
    with suppress(Refusal):
        _read(OPENING, *pieces)


@given(st.text(), st.text())
def test_every_text_fits_into_a_stanza(text: str, value: str) -> None:
    stanzas, _ = _read(OPENING, write_stanza("message", text, id=value))
    assert stanzas[1].name == "message"
