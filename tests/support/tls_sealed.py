"""A TLS connection written by the tests themselves, for suites that no library speaks any more.

An encoder of its own: it shares the key derivation with the reader, which real connections of the same
versions prove, and nothing of the records.
"""

import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, ChaCha20
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.poly1305 import Poly1305

from phonehome.wire.side import Side
from phonehome.wire.tls.schedule import SSL3, TLS11, key_block

CLIENT_RANDOM = bytes(range(32))
SERVER_RANDOM = bytes(range(32, 64))
MASTER = bytes(range(100, 148))
KEYS = b"CLIENT_RANDOM " + CLIENT_RANDOM.hex().encode() + b" " + MASTER.hex().encode()

Seal = Callable[[int, int, bytes], bytes]
"""Makes a record's payload of its number, type and content."""


def record(kind: int, version: int, payload: bytes) -> bytes:
    """A record around a payload."""
    return bytes([kind]) + version.to_bytes(2, "big") + len(payload).to_bytes(2, "big") + payload


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def client_hello(version: int, suite: int, extensions: bytes = b"", random: bytes = CLIENT_RANDOM) -> bytes:
    """A ClientHello that offers one suite."""
    body = version.to_bytes(2, "big") + random + b"\0\0\2" + suite.to_bytes(2, "big") + b"\1\0"
    return message(1, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b""))


def server_hello(version: int, suite: int, extensions: bytes = b"", compression: int = 0) -> bytes:
    """A ServerHello that takes it."""
    body = (
        version.to_bytes(2, "big") + SERVER_RANDOM + b"\0" + suite.to_bytes(2, "big") + bytes([compression])
    )
    return message(2, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b""))


def connection(
    version: int, suite: int, cipher: str, digest: str, said: list[tuple[Side, bytes]]
) -> list[tuple[Side, bytes]]:
    """Both directions of a connection with a record for each thing said."""
    mac_bytes = hashlib.new(digest).digest_size if digest else 0
    key_bytes, iv_bytes = {
        "RC4": (16, 0),
        "3DES": (24, 8),
        "DES": (8, 8),
        "AES": (16, 16),
        "CHACHA": (32, 0),
    }[cipher]
    sizes = (mac_bytes, key_bytes, iv_bytes)
    block = key_block(version, "sha256", MASTER, CLIENT_RANDOM, SERVER_RANDOM, 2 * sum(sizes))
    wire = [
        (Side.CLIENT, record(22, min(version, 0x0301), client_hello(version, suite))),
        (Side.SERVER, record(22, version, server_hello(version, suite))),
    ]
    seals = []
    for side in Side:
        mac_key = block[side * mac_bytes :][:mac_bytes]
        key = block[2 * mac_bytes + side * key_bytes :][:key_bytes]
        iv = block[2 * (mac_bytes + key_bytes) + side * iv_bytes :][:iv_bytes]
        seals.append(_sealer(version, cipher, digest, mac_key, key, iv))
        finished = record(22, version, seals[side](0, 22, message(20, bytes(12))))
        wire.append((side, record(20, version, b"\1") + finished))
    numbers = [1, 1]
    for side, content in said:
        wire.append((side, record(23, version, seals[side](numbers[side], 23, content))))
        numbers[side] += 1
    return wire


def _sealer(version: int, cipher: str, digest: str, mac_key: bytes, key: bytes, iv: bytes) -> Seal:
    def tag(number: int, kind: int, content: bytes) -> bytes:
        size = len(content).to_bytes(2, "big")
        if version > SSL3:
            head = number.to_bytes(8, "big") + bytes([kind]) + version.to_bytes(2, "big") + size
            return hmac.digest(mac_key, head + content, digest)
        pad = 48 if digest == "md5" else 40
        inner = hashlib.new(
            digest, mac_key + b"6" * pad + number.to_bytes(8, "big") + bytes([kind]) + size + content
        )
        return hashlib.new(digest, mac_key + b"\\" * pad + inner.digest()).digest()

    if cipher == "RC4":
        stream = Cipher(ARC4(key), None).encryptor()
        return lambda number, kind, content: stream.update(content + tag(number, kind, content))
    if cipher == "CHACHA":

        def old_chacha(number: int, kind: int, content: bytes) -> bytes:
            head = number.to_bytes(8, "big") + bytes([kind]) + version.to_bytes(2, "big")
            return seal_old_chacha(
                key, number.to_bytes(8, "big"), content, head + len(content).to_bytes(2, "big")
            )

        return old_chacha
    algorithm = AES(key) if cipher == "AES" else TripleDES(key * 3 if cipher == "DES" else key)
    chain = Cipher(algorithm, CBC(iv)).encryptor()

    def block(number: int, kind: int, content: bytes) -> bytes:
        plain = content + tag(number, kind, content)
        count = len(iv) - 1 - len(plain) % len(iv)
        padding = (b"\xaa" * count if version == SSL3 else bytes([count]) * count) + bytes([count])
        explicit = hashlib.sha256(number.to_bytes(8, "big")).digest()[: len(iv)] if version >= TLS11 else b""
        if explicit:
            return explicit + Cipher(algorithm, CBC(explicit)).encryptor().update(plain + padding)
        return chain.update(plain + padding)

    return block


def seal_old_chacha(key: bytes, nonce: bytes, content: bytes, head: bytes) -> bytes:
    """ChaCha20-Poly1305 of draft-agl-tls-chacha20poly1305-04."""
    stream = Cipher(ChaCha20(key, bytes(8) + nonce), None).encryptor()
    poly = Poly1305(stream.update(bytes(64))[:32])
    sealed = stream.update(content)
    sizes = [len(part).to_bytes(8, "little") for part in (head, sealed)]
    poly.update(head + sizes[0] + sealed + sizes[1])
    return sealed + poly.finalize()
