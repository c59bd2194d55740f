"""JA4: a fingerprint of the client that made a hello, after the specification of FoxIO (JA4, BSD 3-Clause).

`t13d1516h2_8daaf6152771_e5627efa2ab1`: transport, version, SNI or not, how many cipher suites and
extensions, first and last character of the first ALPN name; then digests of the sorted suites and of the
sorted extensions with the signature algorithms. GREASE values (RFC 8701) count nowhere.
"""

from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from phonehome.wire.tls.hello import ALPN, SERVER_NAME, ClientHello


class Carrier(StrEnum):
    """What carries the hello."""

    TCP = "t"
    QUIC = "q"
    DTLS = "d"


_VERSIONS = {
    0x0304: "13",
    0x0303: "12",
    0x0302: "11",
    0x0301: "10",
    0x0300: "s3",
    0x0002: "s2",
    0xFEFF: "d1",
    0xFEFD: "d2",
    0xFEFC: "d3",
}
_NOTHING = "0" * 12
_DIGITS = 12
_MOST = 99
_GREASE = frozenset(0x0A0A + 0x1010 * n for n in range(16))
_MAX_REMEMBERED = 256
_MAX_REMEMBERED_NUMBERS = 512


def ja4(hello: ClientHello, carrier: Carrier = Carrier.TCP) -> str:
    """Compute the fingerprint of a hello."""
    ciphers = tuple([cipher for cipher in hello.ciphers if cipher not in _GREASE])
    kinds = [kind for kind, _ in hello.extensions if kind not in _GREASE]
    signatures = tuple([kind for kind in hello.signature_algorithms if kind not in _GREASE])
    offered = [version for version in hello.versions if version not in _GREASE]
    # DTLS numbers its versions downwards.
    highest = (min(offered) if carrier is Carrier.DTLS else max(offered)) if offered else hello.version
    name = "d" if SERVER_NAME in kinds else "i"
    head = (
        f"{carrier.value}{_VERSIONS.get(highest, '00')}{name}"
        f"{min(len(ciphers), _MOST):02}{min(len(kinds), _MOST):02}{_ends(hello.alpn)}"
    )
    # Sorted before they are remembered: browsers shuffle their extensions.
    kinds = sorted([kind for kind in kinds if kind not in (SERVER_NAME, ALPN)])
    if len(ciphers) + len(kinds) + len(signatures) > _MAX_REMEMBERED_NUMBERS:
        return f"{head}{_digests(ciphers, tuple(kinds), signatures)}"
    return f"{head}{_remembered_digests(ciphers, tuple(kinds), signatures)}"


def _digests(ciphers: tuple[int, ...], kinds: tuple[int, ...], signatures: tuple[int, ...]) -> str:
    suites = ",".join(sorted([f"{cipher:04x}" for cipher in ciphers]))
    listed = ",".join([f"{kind:04x}" for kind in kinds])
    signed = ",".join([f"{kind:04x}" for kind in signatures])
    tail = f"{listed}_{signed}" if signed else listed
    return f"_{_digest(suites)}_{_digest(tail) if listed else _NOTHING}"


_remembered_digests = lru_cache(_MAX_REMEMBERED)(_digests)  # few programs make all of a phone's hellos


def is_grease(value: int) -> bool:
    """Tell a reserved value that clients send only to keep servers tolerant: 0x0A0A, 0x1A1A and so on (RFC 8701)."""
    return value in _GREASE


def _ends(alpn: tuple[bytes, ...]) -> str:
    if not alpn or not alpn[0]:
        return "00"
    first, last = alpn[0][:1], alpn[0][-1:]
    if first.isalnum() and last.isalnum():
        return (first + last).decode()
    return first.hex()[0] + last.hex()[1]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGITS] if text else _NOTHING
