"""What a connection sent up that no exchange carries: closed, lost, or framing that holds nothing of anybody's."""

from dataclasses import dataclass
from datetime import datetime

from phonehome.model.exchange import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Upstream bytes of one connection beside its exchanges, so that every byte is accounted for.

    Attributes:
        input: Which input of the audit it came from, counted from 0.
        time: When the connection began, timezone-aware UTC.
        host: The name it asked for: SNI, or a name that an answer of DNS gave for the address; None if unknown.
        address: IP address of the peer.
        port: Port of the peer.
        transport: What protects it.
        read: Bytes of framing that a parser understood (HTTP/2 settings, a connection preface).
        closed: Payload of records that stayed encrypted.
        lost: Bytes that the recording misses.
        reason: Why something was not read; None where nothing is closed or lost.
        sni: Server name of the ClientHello; with `outer_sni`, the outer one of an encrypted ClientHello.
        outer_sni: The name is the public one in front of an encrypted ClientHello.
        ja4: JA4 fingerprint of the client.
        alpn: Application protocol chosen, or the first offered.
        version: TLS or QUIC version: `TLS 1.3`.
        certificate_names: Names of the server's certificate, where it went in clear.
        packets: Numbers of the first packets, from 1, as Wireshark counts.
        round_trip_us: Microseconds from the handset's SYN to the answer; None where that cannot be told.
    """

    input: int = 0
    time: datetime | None = None
    host: str | None = None
    address: str | None = None
    port: int | None = None
    transport: Transport | None = None
    read: int = 0
    closed: int = 0
    lost: int = 0
    reason: str | None = None
    sni: str | None = None
    outer_sni: bool = False
    ja4: str | None = None
    alpn: str | None = None
    version: str | None = None
    certificate_names: tuple[str, ...] = ()
    packets: tuple[int, ...] = ()
    round_trip_us: int | None = None
