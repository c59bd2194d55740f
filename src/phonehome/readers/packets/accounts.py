"""The account of a conversation: what it sent up beside its exchanges, and what its handshake told."""

from phonehome.model.account import Account
from phonehome.model.exchange import Transport
from phonehome.readers.packets.link import Counts, Link, to_time
from phonehome.readers.packets.origins import Origins
from phonehome.wire.tls.facts import TlsFacts


def make_account(
    link: Link,
    counts: Counts,
    facts: TlsFacts | None,
    origins: Origins,
    *,
    first: int,
    time: int,
    transport: Transport,
    host: str,
    reason: str | None,
    version: str | None,
    round_trip_us: int | None = None,
) -> Account:
    """Write an account.

    Args:
        link: The conversation.
        counts: Its bytes.
        facts: Of its handshake, if it had one.
        origins: Knows the inputs.
        first: Number of its first packet.
        time: That packet's, in nanoseconds since the epoch.
        transport: What protected it.
        host: The best name for the peer, where the handshake named none.
        reason: Why something was not read.
        version: Of what protected it.
        round_trip_us: Of its opening, in microseconds.
    """
    told = facts or TlsFacts()
    return Account(
        input=origins.input(first),
        time=to_time(time),
        host=told.sni or host,
        address=link.address,
        port=link.port,
        transport=transport,
        read=counts.read,
        closed=counts.closed,
        lost=counts.lost,
        reason=reason,
        sni=told.sni,
        outer_sni=told.ech_outer,
        ja4=told.ja4,
        alpn=told.alpn_chosen or next(iter(told.alpn_offered), None),
        version=version,
        certificate_names=told.certificate_names,
        packets=(first,),
        round_trip_us=round_trip_us,
    )
