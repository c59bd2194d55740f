"""How TLS makes keys of secrets: HKDF (RFC 8446 §7), the PRF (RFC 5246 §5, RFC 2246 §5), SSL 3.0 (RFC 6101 §6)."""

import hashlib
import hmac
from functools import lru_cache
from hashlib import md5, sha1

SSL3 = 0x0300
TLS10 = 0x0301
TLS11 = 0x0302
TLS12 = 0x0303
TLS13 = 0x0304

MASTER_BYTES = 48


def expand_label(digest: str, secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3 with an empty context, which is all that traffic keys need."""
    info = _label(label, length)
    output = block = _hmac(digest, secret, info + b"\1")
    counter = 2
    while len(output) < length:
        block = _hmac(digest, secret, block + info + bytes([counter]))
        output += block
        counter += 1
    return output[:length]


def _hmac(digest: str, key: bytes, message: bytes) -> bytes:
    """HMAC (RFC 2104) by hand: what OpenSSL sets up for each costs thrice as much as two digests."""
    known = _BLOCKS.get(digest)
    if known is None or len(key) > known[1]:
        return hmac.digest(key, message, digest)
    new, size = known
    key = key.ljust(size, b"\0")
    return new(key.translate(_OUTER) + new(key.translate(_INNER) + message).digest()).digest()


_BLOCKS = {"sha256": (hashlib.sha256, 64), "sha384": (hashlib.sha384, 128)}
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


@lru_cache(maxsize=64)
def _label(label: str, length: int) -> bytes:
    """The structure HkdfLabel with an empty context (RFC 8446 §7.1)."""
    name = b"tls13 " + label.encode()
    return length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"


def next_traffic_secret(digest: str, secret: bytes) -> bytes:
    """The secret after a key update (RFC 8446 §7.2)."""
    return expand_label(digest, secret, "traffic upd", len(secret))


def prf(version: int, digest: str, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """The pseudorandom function of TLS 1.0 to 1.2; `digest` matters from 1.2 on."""
    seed = label + seed
    if version >= TLS12:
        return _p_hash(digest, secret, seed, length)
    half = (len(secret) + 1) // 2
    left = _p_hash("md5", secret[:half], seed, length)
    right = _p_hash("sha1", secret[len(secret) - half :], seed, length)
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _p_hash(digest: str, secret: bytes, seed: bytes, length: int) -> bytes:
    block, output = seed, b""
    while len(output) < length:
        block = _hmac(digest, secret, block)
        output += _hmac(digest, secret, block + seed)
    return output[:length]


def key_block(
    version: int, digest: str, master: bytes, client_random: bytes, server_random: bytes, length: int
) -> bytes:
    """The bytes from which a connection below TLS 1.3 cuts its MAC keys, keys and IVs."""
    if version == SSL3:
        return _ssl3_expand(master, server_random + client_random, length)
    return prf(version, digest, master, b"key expansion", server_random + client_random, length)


def master_secret(
    version: int, digest: str, premaster: bytes, client_random: bytes, server_random: bytes
) -> bytes:
    """The master secret of a premaster secret, without the extended form."""
    if version == SSL3:
        return _ssl3_expand(premaster, client_random + server_random, MASTER_BYTES)
    return prf(version, digest, premaster, b"master secret", client_random + server_random, MASTER_BYTES)


def extended_master_secret(version: int, digest: str, premaster: bytes, transcript: bytes) -> bytes:
    """The master secret bound to the handshake's messages, ClientHello to ClientKeyExchange (RFC 7627)."""
    if version >= TLS12:
        session = hashlib.new(digest, transcript).digest()
    else:
        session = md5(transcript).digest() + sha1(transcript).digest()
    return prf(version, digest, premaster, b"extended master secret", session, MASTER_BYTES)


def _ssl3_expand(secret: bytes, seed: bytes, length: int) -> bytes:
    output = b""
    for count in range(1, 27):
        if len(output) >= length:
            break
        salt = bytes([ord("A") + count - 1]) * count
        output += md5(secret + sha1(salt + secret + seed).digest()).digest()
    return output[:length]
