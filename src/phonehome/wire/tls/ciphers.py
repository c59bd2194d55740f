"""Openers: one direction's record protection, undone record by record.

An opener writes the plaintext into a buffer that it is handed, so that nothing is allocated per record. AEAD
openers are stateless: any record opens at its sequence number, which is what finding the place after a gap
rests on. `legacy` has the others.
"""

from collections.abc import Callable
from enum import Enum, auto
from struct import Struct
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from phonehome.wire.tls.schedule import expand_label
from phonehome.wire.tls.suites import Kind, Suite

HEADER_BYTES = 5

SLACK = 32
"""Room behind a record's size that block ciphers ask for."""

_TAG_BYTES = 16
_SHORT_TAG_BYTES = 8
_NONCE_BYTES = 12
_EXPLICIT_NONCE_BYTES = 8
_ADDITIONAL = Struct(">QBHH")

DecryptInto = Callable[[bytes, memoryview, bytes, memoryview], int]


class Nonces(Enum):
    """Where an AEAD's nonce comes from."""

    SEQUENCE = auto()  # 12 bytes that the keys give, with the record's number mixed in
    EXPLICIT = auto()  # 4 bytes that the keys give, and 8 that stand in the record


class Opener(Protocol):
    """The protection of one direction under one set of keys."""

    @property
    def nonces(self) -> Nonces | None:
        """The kind of its nonces; None where it is no AEAD, and must be asked to `open` each record itself."""

    @property
    def inner_type(self) -> bool:
        """Whether the true content type stands behind the plaintext (TLS 1.3)."""

    @property
    def overhead(self) -> int:
        """Bytes of a record, header included, beside its content; the least, where padding varies."""

    def settle(self, data: bytes, start: int, hidden: int, skipped: int) -> None:
        """Make ready to open a record elsewhere than behind the last one, where there is state.

        Args:
            data: The bytes that hold it.
            start: Where it begins.
            hidden: Bytes of the stream between the last record opened and this one.
            skipped: How many records they are taken for.

        Raises:
            InvalidTag: It cannot be opened there.
        """

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open the record `data[start:stop]` into `out[at:]`; returns how many bytes that made.

        Args:
            sequence: Its number in this direction since the keys came into force.
            data: The bytes that hold it, header included.
            view: The same bytes.
            start: Where its header begins.
            stop: Where it ends.
            out: Where to write; has room for the record's size and `SLACK` more.
            at: Where in it.

        Raises:
            InvalidTag: It does not open: another key, another number, or damage.
        """


class Stateless:
    """What opens any record by its number needs no settling."""

    __slots__ = ()

    def settle(self, data: bytes, start: int, hidden: int, skipped: int) -> None:
        """Nothing to do."""


class Aead13(Stateless):
    """TLS 1.3 (RFC 8446 §5.2): the nonce is made of the sequence number, the header is authenticated."""

    __slots__ = ("_iv", "decrypt_into", "fixed", "overhead", "tag")
    inner_type = True
    nonces = Nonces.SEQUENCE

    def __init__(self, suite: Suite, secret: bytes) -> None:
        key = expand_label(suite.digest, secret, "key", suite.key_bytes)
        self.fixed = expand_label(suite.digest, secret, "iv", _NONCE_BYTES)
        self._iv = int.from_bytes(self.fixed, "big")
        self.decrypt_into, self.tag = _aead(suite, key)
        self.overhead = HEADER_BYTES + self.tag + 1

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open one record; see `Opener`."""
        body = start + HEADER_BYTES
        size = stop - body - self.tag
        if size < 0:
            raise InvalidTag
        nonce = (self._iv ^ sequence).to_bytes(_NONCE_BYTES, "big")
        self.decrypt_into(nonce, view[body:stop], data[start:body], out[at : at + size])
        return size


class AeadExplicit(Stateless):
    """AES-GCM and AES-CCM of TLS 1.2 (RFC 5288, RFC 6655): half of the nonce stands in the record."""

    __slots__ = ("decrypt_into", "fixed", "overhead", "tag")
    inner_type = False
    nonces = Nonces.EXPLICIT

    def __init__(self, suite: Suite, key: bytes, salt: bytes) -> None:
        self.fixed = salt
        self.decrypt_into, self.tag = _aead(suite, key)
        self.overhead = HEADER_BYTES + _EXPLICIT_NONCE_BYTES + self.tag

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open one record; see `Opener`."""
        body = start + HEADER_BYTES + _EXPLICIT_NONCE_BYTES
        size = stop - body - self.tag
        if size < 0:
            raise InvalidTag
        self.decrypt_into(
            self.fixed + data[start + HEADER_BYTES : body],
            view[body:stop],
            _ADDITIONAL.pack(sequence, data[start], data[start + 1] << 8 | data[start + 2], size),
            out[at : at + size],
        )
        return size


class AeadImplicit(Stateless):
    """ChaCha20-Poly1305 of TLS 1.2 (RFC 7905): the nonce of TLS 1.3 with the additional data of 1.2."""

    __slots__ = ("_iv", "decrypt_into", "fixed", "overhead", "tag")
    inner_type = False
    nonces = Nonces.SEQUENCE

    def __init__(self, suite: Suite, key: bytes, iv: bytes) -> None:
        self.fixed = iv
        self._iv = int.from_bytes(iv, "big")
        self.decrypt_into, self.tag = _aead(suite, key)
        self.overhead = HEADER_BYTES + self.tag

    def open(
        self, sequence: int, data: bytes, view: memoryview, start: int, stop: int, out: memoryview, at: int
    ) -> int:
        """Open one record; see `Opener`."""
        body = start + HEADER_BYTES
        size = stop - body - self.tag
        if size < 0:
            raise InvalidTag
        self.decrypt_into(
            (self._iv ^ sequence).to_bytes(_NONCE_BYTES, "big"),
            view[body:stop],
            _ADDITIONAL.pack(sequence, data[start], data[start + 1] << 8 | data[start + 2], size),
            out[at : at + size],
        )
        return size


def _aead(suite: Suite, key: bytes) -> tuple[DecryptInto, int]:
    """The bound method that decrypts, and the size of the tag."""
    if suite.kind is Kind.GCM:
        return AESGCM(key).decrypt_into, _TAG_BYTES
    if suite.kind is Kind.CHACHA20:
        return ChaCha20Poly1305(key).decrypt_into, _TAG_BYTES
    tag = _SHORT_TAG_BYTES if suite.kind is Kind.CCM_8 else _TAG_BYTES
    return AESCCM(key, tag).decrypt_into, tag
