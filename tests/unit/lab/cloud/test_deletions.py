"""The chain of deletions: what it records, and that nothing can be changed in it unseen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from phonehome.lab.cloud.deletions import Attestation, attest, check, head_of, log_deletion, region_key
from phonehome.lab.cloud.heads import START, advance, read_head, sign_head, write_head
from phonehome.lab.cloud.tables import region_metadata


@pytest.fixture
def connection() -> Iterator[Connection]:
    """An empty region's database."""
    engine = create_engine("sqlite://")
    region_metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def _log(connection: Connection, *ids: str) -> None:
    log_deletion(
        connection, at=1.0, region="beijing", reason="test", user_id="1234567890", table="items", ids=ids
    )


@pytest.fixture
def attested(connection: Connection, tmp_path: Path) -> Attestation:
    """Three records, signed."""
    for ids in (("a", "b"), ("c",), ("d",)):
        _log(connection, *ids)
    return attest(connection, region="beijing", key=region_key(tmp_path, "beijing"))


def test_a_chain_holds(attested: Attestation) -> None:
    assert check(attested) is None
    assert len(attested["entries"]) == 3


def test_nothing_deleted_is_nothing_logged(connection: Connection, tmp_path: Path) -> None:
    _log(connection)
    empty = attest(connection, region="beijing", key=region_key(tmp_path, "beijing"))
    assert empty["entries"] == []
    assert check(empty) is None


def test_the_log_names_nobody(attested: Attestation) -> None:
    assert "1234567890" not in str(attested)


def test_the_regions_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    first = region_key(tmp_path, "beijing").public_key().public_bytes_raw()
    assert region_key(tmp_path, "beijing").public_key().public_bytes_raw() == first
    assert (tmp_path / "beijing.signing-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_record_that_is_changed_or_left_out_is_missed(attested: Attestation, position: int) -> None:
    entries = attested["entries"]
    changed = [{**e, "record": e["record"].replace("items", "users")} for e in entries]
    edited = [*entries[:position], changed[position], *entries[position + 1 :]]
    assert check({**attested, "entries": edited}) is not None  # type: ignore[typeddict-item]
    short = [*entries[:position], *entries[position + 1 :]]
    assert check({**attested, "entries": short}) is not None


def _attest(connection: Connection, folder: Path) -> Attestation:
    return attest(connection, region="beijing", key=region_key(folder, "beijing"))


def _keep(connection: Connection, folder: Path) -> None:
    advance(connection, folder, "beijing", region_key(folder, "beijing"))


def _verdict(connection: Connection, folder: Path) -> str:
    """Give what is wrong with the log as it is now, held against the head that the folder keeps."""
    _keep(connection, folder)
    return check(_attest(connection, folder), kept=read_head(folder, "beijing")) or ""


@pytest.fixture
def kept(connection: Connection, tmp_path: Path) -> Path:
    """Five records, and the folder that keeps the head."""
    write_head(tmp_path, sign_head("beijing", 0, START, region_key(tmp_path, "beijing")))
    for name in "abcde":
        _log(connection, name)
        _keep(connection, tmp_path)
    assert _verdict(connection, tmp_path) == ""
    return tmp_path


def test_a_log_that_goes_on_is_in_order(connection: Connection, kept: Path) -> None:
    before = head_of(_attest(connection, kept))
    _log(connection, "f")
    assert _verdict(connection, kept) == ""
    assert check(_attest(connection, kept), kept=before) is None
    head = read_head(kept, "beijing")
    assert head is not None
    assert head["count"] == 6


@pytest.mark.parametrize("left", [0, 3])
def test_a_log_whose_end_was_cut_off_is_found_out_however_it_goes_on(
    connection: Connection, kept: Path, left: int
) -> None:
    connection.exec_driver_sql(f"DELETE FROM deletions WHERE n >= {left}")
    assert check(_attest(connection, kept)) is None, "by itself it shows nothing"
    assert "it had 5" in _verdict(connection, kept)
    for name in "vwxyz":
        _log(connection, name)
    assert "not those whose head was kept" in _verdict(connection, kept)


def test_a_log_that_was_written_anew_is_found_out(connection: Connection, kept: Path) -> None:
    connection.exec_driver_sql("DELETE FROM deletions")
    for name in "abxde":
        _log(connection, name)
    assert check(_attest(connection, kept)) is None, "the region's own key signs it"
    assert "not those whose head was kept" in _verdict(connection, kept)


def test_a_log_that_another_key_signed_is_found_out(connection: Connection, kept: Path) -> None:
    (kept / "beijing.signing-key").unlink()
    _log(connection, "f")
    assert check(_attest(connection, kept)) is None
    assert "another key" in _verdict(connection, kept)


def test_a_head_that_was_lowered_is_found_out(connection: Connection, kept: Path) -> None:
    head = read_head(kept, "beijing")
    assert head is not None
    assert "not signed" in (check(_attest(connection, kept), kept={**head, "count": 4}) or "")


def test_a_head_that_is_gone_is_not_made_again(connection: Connection, kept: Path) -> None:
    (kept / "beijing.deletions-head").unlink()
    _keep(connection, kept)
    assert read_head(kept, "beijing") is None
