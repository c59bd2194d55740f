"""JA4: a fingerprint of the client that made a hello, after the specification of FoxIO (JA4, BSD 3-Clause).

`t13d1516h2_8daaf6152771_e5627efa2ab1`: transport, version, SNI or not, how many cipher suites and
extensions, first and last character of the first ALPN name; then digests of the sorted suites and of the
sorted extensions with the signature algorithms. GREASE values (RFC 8701) count nowhere.
"""

from enum import StrEnum
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


def ja4(hello: ClientHello, carrier: Carrier = Carrier.TCP) -> str:
    """Compute the fingerprint of a hello."""
    ciphers = [f"{cipher:04x}" for cipher in hello.ciphers if not is_grease(cipher)]
    kinds = [kind for kind, _ in hello.extensions if not is_grease(kind)]
    offered = [version for version in hello.versions if not is_grease(version)]
    # DTLS numbers its versions downwards.
    highest = (min(offered) if carrier is Carrier.DTLS else max(offered)) if offered else hello.version
    name = "d" if SERVER_NAME in kinds else "i"
    head = (
        f"{carrier}{_VERSIONS.get(highest, '00')}{name}"
        f"{min(len(ciphers), _MOST):02}{min(len(kinds), _MOST):02}{_ends(hello.alpn)}"
    )
    listed = ",".join(sorted(f"{kind:04x}" for kind in kinds if kind not in (SERVER_NAME, ALPN)))
    signatures = ",".join(f"{kind:04x}" for kind in hello.signature_algorithms if not is_grease(kind))
    tail = f"{listed}_{signatures}" if signatures else listed
    return f"{head}_{_digest(','.join(sorted(ciphers)))}_{_digest(tail) if listed else _NOTHING}"


def is_grease(value: int) -> bool:
    """Tell a reserved value that clients send only to keep servers tolerant: 0x0A0A, 0x1A1A and so on (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def _ends(alpn: tuple[bytes, ...]) -> str:
    if not alpn or not alpn[0]:
        return "00"
    first, last = alpn[0][:1], alpn[0][-1:]
    if first.isalnum() and last.isalnum():
        return (first + last).decode()
    return first.hex()[0] + last.hex()[1]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGITS] if text else _NOTHING
