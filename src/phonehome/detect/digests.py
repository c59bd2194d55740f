"""Digests of every form, found by their first eight bytes.

An SDK may send a digest in hexadecimal of either case, in Base64 of either alphabet, raw, or cut off. Peeling
already turns the first two into bytes, so one index over raw digests serves all of them: the first eight bytes are
the key (for MD5 also bytes 4 to 12: the sixteen middle hexadecimal digits that Chinese SDKs like), and what follows
says how much of the digest is there. Eight bytes are the least that counts.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phonehome.detect.forms import Form

KEY = 8
"""Bytes of a digest that must be there."""

MIDDLE = 4
"""Where the sixteen middle digits of an MD5 begin, in bytes."""

_FILTER_BITS = 22
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio (Knuth, TAOCP 3, 6.4)
_BLOCK = 1 << 22

Hash = Callable[[bytes], bytes]

_NAMES = (
    "md5",
    "sha1",
    "sha256",
    "sha224",
    "sha384",
    "sha512",
    "sha512_256",
    "sha512_224",
    "sha3_256",
    "sha3_224",
    "sha3_384",
    "sha3_512",
    "blake2b",
    "blake2s",
    "sm3",
    "ripemd160",
)
_USUAL = frozenset({"md5", "sha1", "sha256"})
"""Digests whose upper-case and raw writings are digested again."""

_LABELS = {name: name.replace("sha3_", "sha3-").replace("sha512_", "sha512-") for name in _NAMES}


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _blake2b_256(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def available_algorithms() -> tuple[dict[str, Hash], list[str]]:
    """The digest functions of this Python, by label, and the labels of those that its OpenSSL lacks."""
    algorithms: dict[str, Hash] = {}
    missing = []
    for name in _NAMES:
        try:
            hashlib.new(name, b"", usedforsecurity=False)
        except ValueError:
            missing.append(_LABELS[name])
        else:
            fast = getattr(hashlib, name, None)
            algorithms[_LABELS[name]] = _fast(fast) if fast is not None else partial(_digest, name)
    algorithms["blake2b-256"] = _blake2b_256
    return algorithms, missing


def _fast(function: Callable[..., "hashlib._Hash"]) -> Hash:
    def digest(data: bytes) -> bytes:
        return function(data, usedforsecurity=False).digest()

    return digest


class DigestEntry(NamedTuple):
    """One digest of one form of one value; `recipe` names the algorithms in the order applied."""

    value: int
    form: Form
    recipe: str
    digest: bytes
    start: int  # where in the digest its key begins


@dataclass(frozen=True, slots=True)
class DigestHit:
    """A digest seen at `start` of a buffer, `length` of its bytes."""

    entry: DigestEntry
    start: int
    length: int

    @property
    def complete(self) -> bool:
        """Whether the whole digest is there."""
        return self.length == len(self.entry.digest)


class DigestIndex:
    """All digests of all forms, searched for at every offset of a buffer at once."""

    def __init__(self, texts: Iterable[tuple[int, Form, bytes]]) -> None:
        algorithms, self.missing = available_algorithms()
        entries: dict[bytes, list[DigestEntry]] = {}
        self.count = 0
        for entry in _iter_digests(texts, algorithms):
            key = entry.digest[entry.start : entry.start + KEY]
            entries.setdefault(key, []).append(entry)
            self.count += 1
        self._entries = entries
        keys = np.frombuffer(b"".join(entries), dtype="<u8")
        self._filter: NDArray[np.bool_] = np.zeros(1 << _FILTER_BITS, dtype=np.bool_)
        self._filter[_slots(keys)] = True

    def __len__(self) -> int:
        return self.count

    def search(self, data: bytes) -> Iterator[DigestHit]:
        """Every digest key in `data`, at any offset, with how far the digest goes on from there."""
        for base in range(0, len(data), _BLOCK):
            block = data[base : base + _BLOCK + KEY - 1]
            for offset in self._candidates(block):
                yield from self._verify(data, base + offset)

    def _candidates(self, block: bytes) -> list[int]:
        found: list[NDArray[np.intp]] = []
        for shift in range(min(KEY, max(len(block) - KEY + 1, 0))):
            windows = np.frombuffer(block, dtype="<u8", offset=shift, count=(len(block) - shift) // KEY)
            hits = np.flatnonzero(self._filter[_slots(windows)])
            if len(hits):
                found.append(hits * KEY + shift)
        return sorted(int(offset) for hits in found for offset in hits)

    def _verify(self, data: bytes, offset: int) -> Iterator[DigestHit]:
        seen: set[int] = set()
        for entry in self._entries.get(data[offset : offset + KEY], ()):
            if entry.value in seen:
                continue  # two writings of one value with one digest
            rest = entry.digest[entry.start :]
            there = data[offset : offset + len(rest)]
            length = next(
                (i for i, (a, b) in enumerate(zip(rest, there, strict=False)) if a != b), len(there)
            )
            if entry.start and length != KEY:
                continue  # the middle of an MD5 counts only when cut on both sides
            seen.add(entry.value)
            yield DigestHit(entry, offset, length)


def _slots(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (keys * _MULTIPLIER) >> np.uint64(64 - _FILTER_BITS)


def _iter_digests(
    texts: Iterable[tuple[int, Form, bytes]], algorithms: dict[str, Hash]
) -> Iterator[DigestEntry]:
    functions = list(algorithms.items())
    for value, form, text in texts:
        for label, function in functions:
            digest = function(text)
            yield DigestEntry(value, form, label, digest, 0)
            if label == "md5":
                yield DigestEntry(value, form, "md5/middle-16", digest, MIDDLE)
            lower = digest.hex()
            inners = [(label, lower.encode())]
            if label in _USUAL:
                inners += [(f"{label}/upper-hex", lower.upper().encode()), (f"{label}/raw", digest)]
            for inner, again in inners:
                for outer, function_again in functions:
                    twice = function_again(again)
                    yield DigestEntry(value, form, f"{inner}/{outer}", twice, 0)
                    if outer == "md5":
                        yield DigestEntry(value, form, f"{inner}/md5/middle-16", twice, MIDDLE)
