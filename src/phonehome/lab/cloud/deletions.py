"""The log of deletions: a chain of records, signed by the region. It attests; it cannot prove.

Each record holds the hash of the one before it, so none can be changed or left out afterwards without the
chain breaking, and the signature over its head says which region stands by it. That the bytes are gone from
every disk and backup is something that no log can show: the attestation says so itself.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, insert, select, text

from phonehome.lab.cloud.tables import deletions

START = "0" * 64
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
    return Attestation(
        region=region,
        statement=STATEMENT,
        entries=entries,
        head=head,
        public_key=key.public_key().public_bytes_raw().hex(),
        signature=key.sign(_signed(region, len(entries), head)).hex(),
    )


def check(attestation: Attestation) -> str | None:
    """Say what is wrong with an attestation; None if chain and signature hold."""
    previous = START
    for number, entry in enumerate(attestation["entries"]):
        if entry["n"] != number or entry["previous"] != previous:
            return f"record {number} does not follow the one before it"
        if entry["hash"] != _link(previous, entry["record"]):
            return f"record {number} was changed after it was written"
        previous = entry["hash"]
    if attestation["head"] != previous:
        return "the signed head is not the last record's"
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(attestation["public_key"]))
        signed = _signed(attestation["region"], len(attestation["entries"]), previous)
        key.verify(bytes.fromhex(attestation["signature"]), signed)
    except (InvalidSignature, ValueError):
        return "the signature is not the region's"
    return None


def _link(previous: str, record: str) -> str:
    return hashlib.sha256(f"{previous}\n{record}".encode()).hexdigest()


def _signed(region: str, count: int, head: str) -> bytes:
    return f"phonehome lab deletions\n{region}\n{count}\n{head}".encode()
