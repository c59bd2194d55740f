"""Digests, over the text in which a value is usually hashed.

The convention (it is the benchmark's, and the README states it): IMEI with 15 digits, IMSI and ICCID in
full, MEID in upper or lower case; phone numbers in E.164 with + or without; e-mail addresses in lower
case; MAC addresses with colons in upper or lower case; UUIDs with dashes in lower or upper case; Android
ID in lower case; serial number and account as written.
"""

import base64
import hashlib
from collections.abc import Callable
from random import Random

from benchmarks.detection.generator.forms import EMAILS, MACS, PHONES, UUIDS
from benchmarks.detection.generator.identities import Value

HASHED = (
    "imei",
    "imei",
    "meid",
    "imsi",
    "iccid",
    *PHONES,
    *MACS,
    "serial_number",
    "android_id",
    *UUIDS,
    *EMAILS,
    "account_id",
)


def _hasher(name: str, size: int | None = None) -> Callable[[bytes], bytes]:
    if size is not None:
        maker = hashlib.blake2b if name == "blake2b" else hashlib.blake2s
        return lambda data: maker(data, digest_size=size).digest()
    return lambda data: hashlib.new(name, data).digest()


ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {
    **{
        name: _hasher(name)
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512")
    },
    "blake2b": _hasher("blake2b", 64),
    "blake2b-256": _hasher("blake2b", 32),
    "blake2s": _hasher("blake2s", 32),
    "sm3": _hasher("sm3"),
    "ripemd160": _hasher("ripemd160"),
}


def hashed_text(rng: Random, value: Value) -> str:
    """The text of a value that gets hashed, by the convention above."""
    text, kind = value.text, value.type
    if kind in PHONES:
        return text if rng.random() < 0.5 else text[1:]
    if kind in EMAILS:
        return text.lower()
    if kind in MACS or kind in UUIDS or kind == "meid":
        return text.upper() if rng.random() < 0.4 else text.lower()
    return text


def base64_text(rng: Random, digest: bytes) -> str:
    """Base 64 of raw digest bytes, in either alphabet, padded or not."""
    encode = rng.choice((base64.b64encode, base64.urlsafe_b64encode))
    text = encode(digest).decode()
    return text.rstrip("=") if rng.random() < 0.4 else text


CHAINS: tuple[tuple[str, str, bool], ...] = (
    ("md5", "md5", False),
    ("md5", "sha1", False),
    ("md5", "sha256", False),
    ("sha1", "md5", False),
    ("sha1", "sha1", False),
    ("sha256", "sha256", False),
    ("sha1", "sha256", False),
    ("md5", "md5", True),
    ("md5", "sha256", True),
    ("sha1", "md5", True),
)
"""Inner algorithm, outer algorithm, and whether the inner digest is hashed as upper-case hex."""


def digest_of_digest(rng: Random, text: str) -> tuple[str, bytes]:
    """A name (`sha256(md5)`) and the digest of the hex digits of a digest."""
    inner, outer, capitals = rng.choice(CHAINS)
    hexed = ALGORITHMS[inner](text.encode()).hex()
    return f"{outer}({inner})", ALGORITHMS[outer]((hexed.upper() if capitals else hexed).encode())
