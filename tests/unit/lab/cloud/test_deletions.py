"""The chain of deletions: what it records, and that nothing can be changed in it unseen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from phonehome.lab.cloud.deletions import Attestation, attest, check, log_deletion, region_key
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
