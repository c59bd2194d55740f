"""Files of age for a passphrase, written from the specification, with as little work for scrypt as a test needs.

https://age-encryption.org/v1. The age library measures the machine and takes a second or more for each file.
"""

import base64
import os

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

CHUNK = 64 << 10


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _derive(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, purpose).derive(key)


def seal_with(passphrase: str, plain: bytes, *, work: int = 8) -> bytes:
    """Encrypt with a passphrase; `work` is the logarithm of scrypt's N, as the file says it."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    label = b"age-encryption.org/v1/scrypt" + salt
    real = min(work, 12)  # more than that only a lying header asks for
    wrapping = Scrypt(label, 32, 2**real, 8, 1).derive(passphrase.encode())
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %b %d\n%b\n---" % (_base64(salt), work, _base64(body))
    mac = hmac.HMAC(_derive(file_key, b"", b"header"), hashes.SHA256())
    mac.update(header)
    cipher = ChaCha20Poly1305(_derive(file_key, nonce, b"payload"))
    chunks = [plain[at : at + CHUNK] for at in range(0, len(plain), CHUNK)] or [b""]
    sealed = [
        cipher.encrypt(number.to_bytes(11, "big") + bytes([number == len(chunks) - 1]), chunk, None)
        for number, chunk in enumerate(chunks)
    ]
    return header + b" " + _base64(mac.finalize()) + b"\n" + nonce + b"".join(sealed)
