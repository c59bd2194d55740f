"""The log of deletions: a chain of records, signed by the region. It attests; it cannot prove.

Each record holds the hash of the one before it, so none can be changed or left out of the middle afterwards without
the chain breaking, and the signature over its head says which region stands by it. That nothing was cut off its end, or
written anew, shows against an earlier head (`heads.py`). That the bytes are gone from every disk and backup is
something that no log can show: the attestation says so itself.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select, text

from phonehome.lab.cloud.heads import START, Head, is_signed, sign_head
from phonehome.lab.cloud.tables import deletions

STATEMENT = (
    "The region attests that it deleted these rows from its database at the times given. "
    "This is a signed statement, not a proof: copies elsewhere cannot be seen from here."
)
_LOCK = 20141022


class Entry(TypedDict):
    """One link of the chain."""

    n: int
    record: str
    previous: str
    hash: str


class Attestation(TypedDict):
    """The chain, and the region's signature over its head."""

    region: str
    statement: str
    entries: list[Entry]
    head: str
    public_key: str
    signature: str


def log_deletion(
    connection: Connection,
    *,
    at: float,
    region: str,
    reason: str,
    user_id: str,
    table: str,
    ids: Iterable[str],
) -> None:
    """Add a record in the transaction that deletes; identifiers are kept as a digest."""
    listed = sorted(ids)
    if not listed:
        return
    if connection.dialect.name != "sqlite":  # two at once would take one number
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    last = connection.execute(select(deletions).order_by(deletions.c.n.desc()).limit(1)).one_or_none()
    number, previous = (0, START) if last is None else (last.n + 1, last.hash)
    record = json.dumps(
        {
            "at": at,
            "count": len(listed),
            "ids": hashlib.sha256("\n".join(listed).encode()).hexdigest(),
            "reason": reason,
            "region": region,
            "table": table,
            "user": hashlib.sha256(user_id.encode()).hexdigest(),
        },
        sort_keys=True,
    )
    connection.execute(
        insert(deletions).values(n=number, record=record, previous=previous, hash=_link(previous, record))
    )


def region_key(folder: Path, region: str) -> Ed25519PrivateKey:
    """Load the region's signing key, making it at the first start."""
    path = folder / f"{region}.signing-key"
    try:
        return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    except FileNotFoundError:
        key = Ed25519PrivateKey.generate()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.private_bytes_raw())
        return key


def attest(connection: Connection, *, region: str, key: Ed25519PrivateKey) -> Attestation:
    """Give the whole chain, signed."""
    entries = [
        Entry(n=row.n, record=row.record, previous=row.previous, hash=row.hash)
        for row in connection.execute(select(deletions).order_by(deletions.c.n))
    ]
    head = entries[-1]["hash"] if entries else START
    signed = sign_head(region, len(entries), head, key)
    return Attestation(
        region=region,
        statement=STATEMENT,
        entries=entries,
        head=head,
        public_key=signed["public_key"],
        signature=signed["signature"],
    )


def check(attestation: Attestation, *, kept: Head | None = None) -> str | None:
    """Say what is wrong with an attestation; None if chain and signature hold.

    Args:
        attestation: What a region gave.
        kept: A head of the same log from before, kept apart from it: the log must go on from there.
    """
    previous, entries = START, attestation["entries"]
    for number, entry in enumerate(entries):
        if entry["n"] != number or entry["previous"] != previous:
            return f"record {number} does not follow the one before it"
        if entry["hash"] != _link(previous, entry["record"]):
            return f"record {number} was changed after it was written"
        previous = entry["hash"]
    if attestation["head"] != previous:
        return "the signed head is not the last record's"
    if not is_signed(head_of(attestation)):
        return "the signature is not the region's"
    return None if kept is None else _check_against(attestation, kept)


def head_of(attestation: Attestation) -> Head:
    """Give the head of an attestation, to keep: a later one must go on from it."""
    return Head(
        region=attestation["region"],
        count=len(attestation["entries"]),
        head=attestation["head"],
        public_key=attestation["public_key"],
        signature=attestation["signature"],
    )


def _check_against(attestation: Attestation, kept: Head) -> str | None:
    if not is_signed(kept):
        return "the head that was kept is not signed by its key"
    if (attestation["region"], attestation["public_key"]) != (kept["region"], kept["public_key"]):
        return "the log is signed by another region, or with another key, than the head that was kept"
    if len(attestation["entries"]) < kept["count"]:
        return f"the log has {len(attestation['entries'])} records; it had {kept['count']} when its head was kept"
    if kept["head"] != (attestation["entries"][kept["count"] - 1]["hash"] if kept["count"] else START):
        return f"the first {kept['count']} records are not those whose head was kept"
    return None


def _link(previous: str, record: str) -> str:
    return hashlib.sha256(f"{previous}\n{record}".encode()).hexdigest()
