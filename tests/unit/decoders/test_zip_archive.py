import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders import zip_archive
from phonehome.decoders.streams import read_member
from phonehome.decoders.zip_archive import MAX_NAME, Unpacked, Zip
from phonehome.model.errors import DecodeError, LimitExceeded

TEXT = b'{"imei": "490154203237518", "log": "' + b"started; " * 20 + b'"}'
END = b"PK\x05\x06" + bytes(18)
NAMES = ("logs/app.json", "a.txt")


class Unseekable(io.BytesIO):
    """A sink such as a socket, for which writers put sizes behind the data."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError

    def seek(self, offset: int, whence: int = 0, /) -> int:
        raise OSError


def pack(
    method: int = zipfile.ZIP_DEFLATED, *, streamed: bool = False, members: tuple[str, ...] = NAMES
) -> bytes:
    sink = Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name in members:
            archive.writestr(name, TEXT + name.encode())
    return sink.getvalue()


def local(name: bytes, stored: bytes, *, method: int = 0, flags: int = 0, size: int | None = None) -> bytes:
    """One local header and its data."""
    told = len(stored) if size is None else size
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, flags, method, 0, 0, 0, told, told, len(name), 0)
    return head + name + stored


def members(data: bytes) -> dict[str, bytes]:
    return {leaf.step: leaf.data for leaf in Zip().split(data, 100) if not leaf.step.endswith(":name")}


def unpack(data: bytes) -> Unpacked:
    return Zip().unpack(data, 1 << 20)


EXPECTED = {f"zip:{name}": TEXT + name.encode() for name in NAMES}


@pytest.mark.parametrize("streamed", [False, True], ids=["sized", "streamed"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_are_inflated_whatever_their_method_and_wherever_their_sizes_stand(
    method: int, streamed: bool
) -> None:
    assert members(pack(method, streamed=streamed)) == EXPECTED
    assert not unpack(pack(method, streamed=streamed)).reasons


def test_a_leaf_tells_where_its_stored_bytes_stand() -> None:
    data = pack()
    for leaf in Zip().split(data, 100):
        stored = data[leaf.start : leaf.end]
        assert (stored if leaf.step.endswith(":name") else zlib.decompress(stored, -15)) == leaf.data


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_streamed_members_are_read_where_the_directory_at_the_end_is_missing(method: int) -> None:
    data = pack(method, streamed=True)
    assert members(data[: data.index(b"PK\x01\x02")]) == EXPECTED


def test_longer_names_are_parts_too_and_long_ones_are_shortened_in_paths() -> None:
    long = "d/" * 90 + "x\n\x1b.log"
    steps = [leaf.step for leaf in Zip().split(pack(members=(long, "b")), 100)]
    shown = (
        f"zip:{long[: MAX_NAME // 2]}…{long.replace(chr(10), '_').replace(chr(27), '_')[1 - MAX_NAME // 2 :]}"
    )
    assert steps == [f"{shown}:name", shown, "zip:b"]


def test_a_member_that_does_not_match_its_checksum_is_read() -> None:
    data = bytearray(pack(zipfile.ZIP_STORED))
    at = data.index(b"started")
    data[at] ^= 1
    assert members(bytes(data))["zip:logs/app.json"].count(b"started") == 19


def test_damage_ends_one_member_and_the_next_is_read() -> None:
    cut = zlib.compress(TEXT, wbits=-15)[:40] + b"\xff" * 20
    result = unpack(local(b"a", cut, method=8) + local(b"b", TEXT))
    assert result.leaves[0].data[:20] == TEXT[:20]
    assert result.leaves[1].data == TEXT
    assert result.reasons[0] == "1 of 2 members is damaged or cut short, and read up to there"


def test_an_archive_that_is_cut_gives_what_came_before_at_every_byte() -> None:
    data = pack(streamed=True)
    for end in range(len(data)):
        try:
            found = members(data[:end])
        except DecodeError:
            assert end < 43
            continue
        assert all(EXPECTED[step].startswith(content) for step, content in found.items())
    assert unpack(pack()[:120]).reasons == ["its end is missing, and perhaps members with it"]


def test_encrypted_members_and_unknown_methods_are_skipped_and_counted() -> None:
    secret = random.Random(2).randbytes(100)
    data = local(b"a", secret, flags=1, method=8) + local(b"b", secret, method=98) + local(b"c", TEXT) + END
    found = unpack(data)
    assert [(leaf.step, leaf.data) for leaf in found.leaves] == [("zip:c", TEXT)]
    assert found.closed == 200
    assert found.reasons == [
        "1 of 3 members is encrypted",
        "1 of 3 members is compressed in a way that is not known",
    ]


def test_a_bomb_ends_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pack(members=tuple(f"{number:03}" for number in range(40)))
    assert Zip().unpack(bomb, 1000).inflated <= 1000
    assert (
        "the rest was not searched"
        in Zip().unpack(bomb, 1000).reasons[-1] + Zip().unpack(bomb, 1000).reasons[0]
    )
    zeros = zlib.compress(bytes(1 << 20), wbits=-15)
    monkeypatch.setattr(zip_archive, "MAX_MEMBER", 1 << 12)
    found = unpack(local(b"a", zeros, method=8) + local(b"b", TEXT))
    assert [len(leaf.data) for leaf in found.leaves] == [1 << 12, len(TEXT)]
    assert "longer than is unpacked" in found.reasons[0]
    monkeypatch.setattr(zip_archive, "MAX_MEMBERS", 3)
    assert unpack(bomb).reasons == ["more members than are unpacked: the rest was not searched"]


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Zip().split(pack(), 2)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"PK\x03\x04", b"PK\x03\x04 and no more", b"PK\x05\x06" + bytes(18), local(b"", TEXT)],
)
def test_what_begins_with_no_local_header_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Zip().split(data, 100)


def test_headers_inside_a_members_data_cost_no_quadratic_work(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each member's stream holds the headers of all that follow, and no end: nothing is read twice.
    read = 0

    def counting(make: object, data: bytes, start: int, *rest: object) -> tuple[bytes, int, bool, bool]:
        nonlocal read
        found = read_member(make, data, start, *rest)  # type: ignore[arg-type]  # handed through as it came
        read += found[1] - start
        return found

    monkeypatch.setattr("phonehome.decoders.zip_archive.read_member", counting)
    data = local(b"a", b"\x02\x00" * 30, method=8, flags=8, size=0) * 2000
    unpack(data)
    assert read <= 3 * len(data)


@given(st.binary(max_size=60), st.integers(0, 200), st.booleans())
def test_damage_anywhere_raises_only_the_declared_errors(noise: bytes, at: int, streamed: bool) -> None:
    data = pack(streamed=streamed)
    try:
        leaves = Zip().split(data[:at] + noise + data[at + len(noise) :], 50)
    except (DecodeError, LimitExceeded):
        return
    assert all(0 <= leaf.start <= leaf.end <= len(data) + 60 for leaf in leaves)
