import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.decoders.tar import Tar
from phonehome.model.errors import DecodeError, LimitExceeded

TEXT = b'{"imei": "490154203237518"}'


def pack(*names: str, form: int = tarfile.USTAR_FORMAT) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=form) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(TEXT)
            archive.addfile(info, io.BytesIO(TEXT))
    return sink.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    leaves = Tar().split(data, 100)
    assert all(data[leaf.start : leaf.end] == leaf.data for leaf in leaves)
    return {leaf.step: leaf.data for leaf in leaves}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_and_longer_names_are_given_with_their_place(form: int) -> None:
    assert parts(pack("a", "logs/app.json", form=form)) == {
        "tar:a": TEXT,
        "tar:logs/app.json": TEXT,
        "tar:logs/app.json:name": b"logs/app.json",
    }


def test_a_prefix_belongs_to_the_name() -> None:
    directory = "d" * 60 + "/" + "e" * 60
    assert parts(pack(f"{directory}/log.txt"))[f"tar:{'d' * 40}…{'e' * 31}/log.txt"] == TEXT


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_that_have_no_room_in_a_header_are_parts_of_their_own(form: int) -> None:
    name = "n" * 150 + "490154203237518"
    assert any(
        name.encode() in part for step, part in parts(pack(name, form=form)).items() if "attributes" in step
    )


def test_a_cut_archive_gives_what_is_there() -> None:
    assert parts(pack("a")[:520]) == {"tar:a": TEXT[:8]}


@pytest.mark.parametrize("data", [b"", b"ustar", bytes(257) + b"ustar" + bytes(250), bytes(600)])
def test_what_has_no_header_with_a_right_checksum_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Tar().split(data, 100)


def test_more_parts_than_the_limit_are_an_error_of_their_own() -> None:
    with pytest.raises(LimitExceeded):
        Tar().split(pack("a", "b", "c"), 2)


@given(st.binary(max_size=40), st.integers(0, 1024))
def test_damage_anywhere_raises_only_the_declared_errors(noise: bytes, at: int) -> None:
    data = pack("a", "b")
    try:
        parts(data[:at] + noise + data[at + len(noise) :])
    except (DecodeError, LimitExceeded):
        return
