import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.base16 import Base16, Base16Separated
from phonehome.model.errors import DecodeError

MAC = bytes.fromhex("02005e102030")


def spans(text: bytes) -> list[bytes]:
    return [Base16Separated().decode(match[0]) for match in Base16Separated().pattern.finditer(text)]


@pytest.mark.parametrize("span", [b"343930313534", b"3F2a3F2a3F2a"])
def test_runs_in_either_case_are_read(span: bytes) -> None:
    assert Base16().pattern.fullmatch(span)
    assert Base16().decode(span).hex() == span.decode().lower()


def test_a_run_of_odd_length_and_a_short_one_are_refused() -> None:
    with pytest.raises(DecodeError):
        Base16().decode(b"490154203237518")
    assert not Base16().pattern.search(b"0123456789a")


@pytest.mark.parametrize(
    "text",
    [
        b"mac=02:00:5e:10:20:30;",
        b"02-00-5E-10-20-30",
        b"[02 00 5e 10 20 30]",
        b"02, 00, 5e, 10, 20, 30",
        rb"\x02\x00\x5e\x10\x20\x30",
        b"{0x02,0x00,0x5e,0x10,0x20,0x30}",
        b"0X02, 0X00, 0X5e, 0X10, 0X20, 0X30",
    ],
)
def test_pairs_with_separators_are_read(text: bytes) -> None:
    assert spans(text) == [MAC]


@pytest.mark.parametrize(
    "text", [b"550e8400-e29b-41d4-a716-446655440000", b"12:34:56", b"02:00-5e:10-20:30", b"192.0.2.1"]
)
def test_uuids_times_and_mixed_separators_are_not_taken(text: bytes) -> None:
    assert spans(text) == []


def test_truncation_at_every_character_gives_a_beginning_or_the_declared_error() -> None:
    for end in range(30):
        try:
            assert MAC.startswith(Base16Separated().decode(b"02:00:5e:10:20:30"[:end])[:6])
        except DecodeError:
            continue


@given(st.binary(min_size=6, max_size=100), st.sampled_from([":", "-", " ", ","]))
def test_what_was_encoded_comes_back(data: bytes, separator: str) -> None:
    assert Base16().decode(data.hex().upper().encode()) == data
    assert spans(b"<" + data.hex(separator).encode() + b">") == [data]
