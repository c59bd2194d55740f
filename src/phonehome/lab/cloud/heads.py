"""The head of a region's log of deletions, kept apart from its database: what the log must go on from.

A chain tells that a record in it was changed; that its end was cut off, that it was emptied, or that another was put
in its place and signed anew, only somebody can tell who knows an earlier head. So each region keeps one in the cloud's
folder: the number of records and the hash of the last, signed. It is only ever replaced by one that continues it, so a
log that does not go on from it stays found out. Whoever wants to be sure of more than the region's database takes a
copy away: who holds folder, key and database can write all three anew.
"""

import json
import os
import threading
from pathlib import Path
from typing import TypedDict, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, select

from phonehome.lab.cloud.tables import deletions

START = "0" * 64
_keeping = threading.Lock()
"""Held while a head is replaced: the file is one, and its number only grows."""


class Head(TypedDict):
    """How far a log had come."""

    region: str
    count: int
    head: str
    """The hash of its last record."""
    public_key: str
    signature: str


def sign_head(region: str, count: int, head: str, key: Ed25519PrivateKey) -> Head:
    """State how far a log has come."""
    return Head(
        region=region,
        count=count,
        head=head,
        public_key=key.public_key().public_bytes_raw().hex(),
        signature=key.sign(_signed(region, count, head)).hex(),
    )


def is_signed(head: Head) -> bool:
    """Tell whether the signature is that of the key named."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["public_key"]))
        signed = _signed(head["region"], head["count"], head["head"])
        key.verify(bytes.fromhex(head["signature"]), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def path_of(folder: Path, region: str) -> Path:
    """Name the file that keeps a region's head."""
    return folder / f"{region}.deletions-head"


def read_head(folder: Path, region: str) -> Head | None:
    """Read the head that is kept; None if there is none."""
    try:
        return cast(Head, json.loads(path_of(folder, region).read_bytes()))
    except FileNotFoundError:
        return None


def write_head(folder: Path, head: Head) -> None:
    """Put a head in the place of the one that is kept: durably, and whole or not at all."""
    path = path_of(folder, head["region"])
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(head, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def advance(connection: Connection, folder: Path, region: str, key: Ed25519PrivateKey) -> None:
    """Keep the head of the log as it is now, if it goes on from the one that is kept; else that one stays."""
    with _keeping:
        _advance(connection, folder, region, key)


def _advance(connection: Connection, folder: Path, region: str, key: Ed25519PrivateKey) -> None:
    kept = read_head(folder, region)
    count, last = connection.execute(
        select(deletions.c.n + 1, deletions.c.hash).order_by(deletions.c.n.desc()).limit(1)
    ).one_or_none() or (0, START)
    if kept is None or count <= kept["count"]:
        return  # the first was made with the folder: one that is gone is not made again
    now = sign_head(region, count, last, key)
    there = connection.execute(
        select(deletions.c.hash).where(deletions.c.n == kept["count"] - 1)
    ).scalar_one_or_none()
    if (there or START) == kept["head"] and now["public_key"] == kept["public_key"]:
        write_head(folder, now)


def _signed(region: str, count: int, head: str) -> bytes:
    return f"phonehome lab deletions\n{region}\n{count}\n{head}".encode()
