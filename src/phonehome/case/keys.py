"""Keys for signing: Ed25519, the private one encrypted in a PKCS #8 file, the public one beside it.

The encryption is PBES2 (RFC 8018): PBKDF2 with HMAC-SHA-256 over 600,000 rounds, and AES-256-CBC; `openssl pkey` reads
it. The `cryptography` library writes this format with 2,048 rounds and cannot be told otherwise, too few for a
passphrase that people choose; so the few bytes around the ciphertext are written here, and read back by the library.
"""

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from phonehome.case.inventory import enclosing_case, read_small
from phonehome.model.errors import ConfigError

ROUNDS = 600_000
MAX_KEY = 64 << 10
MIN_PASSPHRASE = 8

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256 = bytes.fromhex("300c06082a864886f70d02090500")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half that anybody may have."""

    raw: Ed25519PublicKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's DER encoding (SubjectPublicKeyInfo), in hexadecimal."""
        der = self.raw.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def as_pem(self) -> bytes:
        """Write it as PEM."""
        return self.raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The half that only its owner has; never printed."""

    raw: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.public.fingerprint[:16]}…)"

    @property
    def public(self) -> PublicKey:
        """The other half."""
        return PublicKey(self.raw.public_key())


def new_signing_key() -> SigningKey:
    """Make a key from the system's random source."""
    return SigningKey(Ed25519PrivateKey.generate())


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that protects nothing.

    Raises:
        ConfigError: It is too short.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise ConfigError(
            f"the passphrase has {len(passphrase)} characters; give at least {MIN_PASSPHRASE}, "
            "better a few words that nobody says"
        )


def refuse_inside_case(path: Path, what: str) -> None:
    """Keep what is secret apart from the evidence.

    Raises:
        ConfigError: The file lies, or would lie, in a case or a shared copy.
    """
    case = enclosing_case(path)
    if case is not None:
        raise ConfigError(
            f"{path}: lies in the case {case}, and whoever gets the case would get {what} too; "
            "give a place outside of it"
        )


def shown_to_others(path: Path) -> bool:
    """Say whether others on this machine may read a file that should be its owner's only."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


def render_private(key: SigningKey, passphrase: str) -> bytes:
    """Write a private key as encrypted PKCS #8 PEM.

    Raises:
        ConfigError: The passphrase is too short.
    """
    check_passphrase(passphrase)
    salt, start = os.urandom(16), os.urandom(16)
    secret = PBKDF2HMAC(hashes.SHA256(), 32, salt, ROUNDS).derive(passphrase.encode())
    padder = padding.PKCS7(128).padder()
    plain = key.raw.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    padded = padder.update(plain) + padder.finalize()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
    kdf = _sequence(_PBKDF2, _sequence(_tag(4, salt), _tag(2, ROUNDS.to_bytes(3, "big")), _HMAC_SHA256))
    cipher = _sequence(_AES_256_CBC, _tag(4, start))
    method = _sequence(_PBES2, _sequence(kdf, cipher))
    der = _sequence(method, _tag(4, encryptor.update(padded) + encryptor.finalize()))
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{lines}\n-----END ENCRYPTED PRIVATE KEY-----\n".encode()


def _sequence(*parts: bytes) -> bytes:
    return _tag(0x30, b"".join(parts))


def _tag(number: int, content: bytes) -> bytes:
    """One element of DER (ITU-T X.690); nothing in a key's file reaches 64 KiB."""
    size = len(content)
    if size < 0x80:
        return bytes((number, size)) + content
    length = size.to_bytes(1 if size < 0x100 else 2, "big")
    return bytes((number, 0x80 | len(length))) + length + content


def is_encrypted(data: bytes) -> bool:
    """Say whether the file of a key asks for a passphrase."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data


def parse_private(data: bytes, passphrase: str, path: Path) -> SigningKey:
    """Read a private key.

    Raises:
        ConfigError: The passphrase is wrong, or it is no encrypted Ed25519 key in PEM.
    """
    if not is_encrypted(data):
        raise ConfigError(
            f"{path}: is no encrypted private key in PEM; `phonehome key new` makes one, and "
            "`openssl pkcs8 -topk8` encrypts another"
        )
    try:
        key = load_pem_private_key(data, passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path}: the key does not open with this passphrase (or was damaged)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: is a key of another kind; Ed25519 is read here")
    return SigningKey(key)


def load_public(path: Path) -> PublicKey:
    """Read a public key.

    Raises:
        ConfigError: The file cannot be read, or holds no Ed25519 public key in PEM.
    """
    data = read_small(path, MAX_KEY, "public key")
    if b"PRIVATE KEY-----" in data:
        raise ConfigError(
            f"{path}: is a private key; name the public one (FILE.pub), and keep this to yourself"
        )
    return parse_public(data, path)


def parse_public(data: bytes, path: Path) -> PublicKey:
    """Read a public key in PEM.

    Raises:
        ConfigError: It is none of Ed25519; the sentence names `path`.
    """
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{path}: is no public key in PEM; `phonehome key new` writes one beside the private key (FILE.pub)"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path}: is a public key of another kind; Ed25519 is read here")
    return PublicKey(key)
