"""The names that a server's certificate gives (RFC 5280): alternative names, and the common name."""

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from phonehome.model.errors import DecodeError, PhonehomeError
from phonehome.wire.tls.cursor import Cursor

if TYPE_CHECKING:
    from phonehome.decoders.base import Compression

MAX_NAMES = 64
"""Names kept of one certificate; delivery networks put a hundred on one."""
MAX_CHAIN_BYTES = 1024 * 1024
"""Largest certificate message that is decompressed."""

_MAX_REMEMBERED = 512
_MAX_REMEMBERED_BYTES = 8192


def parse_names(body: bytes, *, has_context: bool) -> tuple[str, ...]:
    """Read the names of the first certificate in the body of a Certificate message.

    Args:
        body: The message behind its header of four bytes.
        has_context: It is TLS 1.3's form, which begins with a context.

    Raises:
        DecodeError: There is no certificate that can be read.
    """
    cursor = Cursor(body)
    if has_context:
        cursor.vector(1)
    return _names(Cursor(cursor.vector(3)).vector(3))


def parse_compressed_names(body: bytes) -> tuple[str, ...]:
    """Read the names in the body of a CompressedCertificate message (RFC 8879).

    Raises:
        DecodeError: There is no certificate that can be read.
    """
    cursor = Cursor(body)
    compression = _compressions().get(cursor.number(2))
    size = cursor.number(3)
    if compression is None or size > MAX_CHAIN_BYTES:
        raise DecodeError("a certificate message in a compression that is not read, or too large")
    try:
        inflated = compression.inflate(cursor.vector(3), max(1, size))
    except PhonehomeError as error:
        raise DecodeError("a compressed certificate message that does not decompress") from error
    return parse_names(inflated.data, has_context=True)


@lru_cache(maxsize=1)
def _compressions() -> dict[int, "Compression"]:
    """By their numbers (RFC 8879); few servers compress, and the libraries take long to load."""
    from phonehome.decoders.brotli import Brotli
    from phonehome.decoders.zlib_stream import Zlib
    from phonehome.decoders.zstd import Zstd

    return {1: Zlib(), 2: Brotli(), 3: Zstd()}


def _names(der: bytes) -> tuple[str, ...]:
    return _remembered_names(der) if len(der) <= _MAX_REMEMBERED_BYTES else _read_names(der)


def _read_names(der: bytes) -> tuple[str, ...]:
    with warnings.catch_warnings():
        # The library warns of what is wrong with a certificate; this one is somebody else's, and recorded.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return _read_each_name(der)


def _read_each_name(der: bytes) -> tuple[str, ...]:
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise DecodeError(f"a certificate of {len(der)} bytes that is no DER") from error
    # Each part may be wrong by itself, and in the wild it is; the others still count.
    found: dict[str, None] = {}
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        for general in list(extension.value)[:MAX_NAMES]:
            if isinstance(general, x509.DNSName | x509.IPAddress):
                found[str(general.value)] = None
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        pass
    try:
        for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            found[str(attribute.value)] = None
    except ValueError:
        pass
    return tuple(found)[:MAX_NAMES]


_remembered_names = lru_cache(_MAX_REMEMBERED)(_read_names)  # a phone meets the same servers all day
