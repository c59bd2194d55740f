"""The "base-64" layer: parameters under the session's key, and the signature over them.

As read in published decompiled code of the vendor's client: each parameter whose name does not begin with `_`
is AES/CBC/PKCS5 under the session's `security` key with the fixed IV below, then Base64; `signature` is the
Base64 of a SHA-1 over method, path, sorted parameters and key. A fixed IV and an unkeyed SHA-1 are weak: that
is how it was, and the detector has to deal with it. Over TLS only, nothing here is relied on for secrecy.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

IV = b"0102030405060708"
SIGNATURE = "signature"


class SealError(ValueError):
    """Text that is not sealed under this key."""


def seal_text(text: str, key: bytes) -> str:
    """Encrypt a text under a session's key; gives Base64."""
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(IV)).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def open_text(sealed: str, key: bytes) -> str:
    """Decrypt what `seal_text` gave; raise SealError for anything else."""
    try:
        data = base64.b64decode(sealed, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(IV)).decryptor()
        padded = decryptor.update(data) + decryptor.finalize()
        unpadder = PKCS7(128).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise SealError("a parameter is not sealed under this session's key") from error


def sign(method: str, path: str, parameters: Mapping[str, str], key: bytes) -> str:
    """Give the signature over parameters as they are sent (those to be sealed already are)."""
    parts = [method.upper(), path]
    parts += [f"{name}={value}" for name, value in sorted(parameters.items()) if name != SIGNATURE]
    parts.append(base64.b64encode(key).decode())
    # What the vendor's client was seen to do; SHA-1 is no choice of ours.
    return base64.b64encode(hashlib.sha1("&".join(parts).encode()).digest()).decode()


def seal_parameters(method: str, path: str, parameters: Mapping[str, str], key: bytes) -> dict[str, str]:
    """Seal each parameter whose name does not begin with `_`, and add the signature."""
    sealed = {
        name: value if name.startswith("_") else seal_text(value, key) for name, value in parameters.items()
    }
    return {**sealed, SIGNATURE: sign(method, path, sealed, key)}


def open_parameters(method: str, path: str, parameters: Mapping[str, str], key: bytes) -> dict[str, str]:
    """Check the signature and open the parameters; raise SealError if either fails."""
    if not hmac.compare_digest(
        parameters.get(SIGNATURE, "").encode(), sign(method, path, parameters, key).encode()
    ):
        raise SealError("the signature does not fit method, path and parameters")
    return {
        name: value if name.startswith("_") else open_text(value, key)
        for name, value in parameters.items()
        if name != SIGNATURE
    }


def short_digest(text: str) -> str:
    """Give H(x): the first 16 characters of the URL-safe Base64 of the SHA-1."""
    return base64.urlsafe_b64encode(hashlib.sha1(text.encode()).digest()).decode()[:16]
