"""Openers for what came before authenticated encryption: block ciphers in CBC mode, RC4, no cipher at all.

Every record's MAC is checked (RFC 5246 §6.2.3, RFC 7366, RFC 6101 §5.2.3): it tells whether the keys are
right, and behind a gap at which record we are.
"""

import hashlib
import hmac
from collections.abc import Callable
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, ChaCha20
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.poly1305 import Poly1305

from phonehome.wire.tls.ciphers import HEADER_BYTES, Stateless
from phonehome.wire.tls.schedule import SSL3, TLS11
from phonehome.wire.tls.suites import Suite

_AHEAD_BYTES = 1024 * 1024
"""Key stream made in advance to find the place behind a gap; a longer gap ends the reading of RC4."""

_SIZES = Struct(">QBHH")
_SSL3_SIZES = Struct(">QBH")
_MAC_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}

Mac = Callable[[int, int, int, bytes], bytes]
"""MAC of a record: sequence number, content type, version field, content."""


def mac_of(suite: Suite, version: int, key: bytes) -> Mac:
    """The record MAC of a suite under a key."""
    digest = suite.mac
    if version == SSL3:
        count = 48 if digest == "md5" else 40
        inner, outer = key + b"\x36" * count, key + b"\x5c" * count

        def ssl3(sequence: int, kind: int, _version: int, content: bytes) -> bytes:
            head = _SSL3_SIZES.pack(sequence, kind, len(content))
            return hashlib.new(digest, outer + hashlib.new(digest, inner + head + content).digest()).digest()

        return ssl3

    def tls(sequence: int, kind: int, version: int, content: bytes) -> bytes:
        return hmac.digest(key, _SIZES.pack(sequence, kind, version, len(content)) + content, digest)

    return tls


class BlockOpener:
    """AES, Camellia, 3DES or DES in CBC mode.

    One decryptor lives as long as the keys: in CBC each block needs only the one before it, so an explicit
    IV (TLS 1.1 and later) is fed as a block whose own output is thrown away, and the implicit one of older
    versions is there already.
    """

    __slots__ = ("_block", "_decryptor", "_explicit", "_mac", "_mac_bytes", "_mac_last", "_ssl3", "overhead")
    inner_type = False
    nonces = None

    def __init__(self, suite: Suite, key: bytes, iv: bytes, mac: Mac, version: int, mac_last: bool) -> None:
        algorithm = _block_cipher(suite, key)
        self._block = len(iv)
        self._decryptor = Cipher(algorithm, CBC(iv)).decryptor()
        self._mac = mac
        self._mac_bytes = _MAC_BYTES[suite.mac]
        self._explicit = self._block if version >= TLS11 else 0
        self._mac_last = mac_last
        self._ssl3 = version == SSL3
        self.overhead = HEADER_BYTES + self._explicit + self._mac_bytes + 1

    def settle(self, data: bytes, start: int, hidden: int, skipped: int) -> None:
        """Feed the block before the record, which an implicit IV is."""
        if not self._explicit:
            end = start - self._mac_bytes if self._mac_last else start
            if end < self._block:
                raise InvalidTag
            self._decryptor.update(data[end - self._block : end])

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open one record; see `Opener`."""
        body, end = start + HEADER_BYTES, stop
        kind, version = data[start], data[start + 1] << 8 | data[start + 2]
        if self._mac_last:
            end -= self._mac_bytes
            if end <= body or self._mac(sequence, kind, version, data[body:end]) != data[end:stop]:
                raise InvalidTag
        size = end - body
        if size <= 0 or size % self._block:
            raise InvalidTag
        plain = self._decryptor.update(view[body:end])[self._explicit :]
        if not plain:
            raise InvalidTag
        content = self._without_padding(plain)
        if not self._mac_last:
            cut = len(content) - self._mac_bytes
            if cut < 0 or self._mac(sequence, kind, version, content[:cut]) != content[cut:]:
                raise InvalidTag
            content = content[:cut]
        out[at : at + len(content)] = content
        return len(content)

    def _without_padding(self, plain: bytes) -> bytes:
        count = plain[-1] + 1
        if count > len(plain) or (self._ssl3 and count > self._block):
            raise InvalidTag
        # SSL 3.0 leaves open what the padding holds.
        if not self._ssl3 and plain.count(plain[-1], len(plain) - count) != count:
            raise InvalidTag
        return plain[:-count]


class StreamOpener:
    """RC4, or no encryption at all: a key stream (or none) over content and MAC.

    Behind a gap the place in RC4's key stream follows from the bytes between, less a header per record. What
    was made of the stream to try places is kept in `_ahead`; a record is taken off it only when the next one
    is opened, since until then it may have been a trial.
    """

    __slots__ = ("_ahead", "_decryptor", "_mac", "_mac_bytes", "_offset", "_used", "overhead")
    inner_type = False
    nonces = None

    def __init__(self, suite: Suite, key: bytes, mac: Mac) -> None:
        self._decryptor = Cipher(ARC4(key), None).decryptor() if suite.cipher == "RC4" else None
        self._mac = mac
        self._mac_bytes = _MAC_BYTES[suite.mac]
        self._ahead = b""
        self._offset = 0
        self._used = 0
        self.overhead = HEADER_BYTES + self._mac_bytes

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open one record; see `Opener`."""
        body = self._decrypt(data[start + HEADER_BYTES : stop])
        cut = len(body) - self._mac_bytes
        version = data[start + 1] << 8 | data[start + 2]
        if cut < 0 or self._mac(sequence, data[start], version, body[:cut]) != body[cut:]:
            raise InvalidTag
        out[at : at + cut] = body[:cut]
        return cut

    def settle(self, data: bytes, start: int, hidden: int, skipped: int) -> None:
        """Find the place in the key stream."""
        self._offset = hidden - HEADER_BYTES * skipped
        self._used = 0
        if not 0 <= self._offset <= _AHEAD_BYTES:
            self._offset = 0
            raise InvalidTag

    def _decrypt(self, body: bytes) -> bytes:
        if self._decryptor is None:
            return body
        if self._used:
            self._ahead, self._offset, self._used = self._ahead[self._used :], 0, 0
        if not self._ahead and not self._offset:
            return self._decryptor.update(body)
        stop = self._offset + len(body)
        if stop > len(self._ahead):
            self._ahead += self._decryptor.update(bytes(stop - len(self._ahead)))
        self._used = stop
        mask = int.from_bytes(self._ahead[self._offset : stop], "big")
        return (int.from_bytes(body, "big") ^ mask).to_bytes(len(body), "big")


class OldChaCha20(Stateless):
    """ChaCha20-Poly1305 as Google deployed it in 2013 (draft-agl-tls-chacha20poly1305-04)."""

    __slots__ = ("_key",)
    inner_type = False
    nonces = None
    overhead = HEADER_BYTES + 16

    def __init__(self, key: bytes) -> None:
        self._key = key

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open one record; see `Opener`."""
        body, end = start + HEADER_BYTES, stop - 16
        size = end - body
        if size < 0:
            raise InvalidTag
        # Block 0 of the key stream gives the key of the tag, the content begins with block 1.
        stream = Cipher(ChaCha20(self._key, bytes(8) + sequence.to_bytes(8, "big")), None).decryptor()
        poly = Poly1305(stream.update(bytes(64))[:32])
        head = _SIZES.pack(sequence, data[start], data[start + 1] << 8 | data[start + 2], size)
        for part in (head, data[body:end]):
            poly.update(part)
            poly.update(len(part).to_bytes(8, "little"))
        if poly.finalize() != data[end:stop]:
            raise InvalidTag
        out[at : at + size] = stream.update(data[body:end])
        return size


def _block_cipher(suite: Suite, key: bytes) -> BlockCipherAlgorithm:
    match suite.cipher:
        case "AES":
            return AES(key)
        case "CAMELLIA":
            return Camellia(key)
        case "DES":
            return TripleDES(key * 3)
        case _:
            return TripleDES(key)
