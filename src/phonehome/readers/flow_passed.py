"""TLS that mitmproxy passed through unopened (`ignore_hosts` with `show_ignored_hosts`): a TCP flow of records.

Nothing of it can be read, so it is accounted for as closed; as an exchange it would count as read and be silent.
"""

from phonehome.model.account import Account
from phonehome.model.exchange import Direction, Exchange, Protocol, Transport

PASSED = "mitmproxy passed this TLS connection through unopened"
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_HEAD = 6
"""Type, version and size of the first record, and the type of its message (RFC 8446, sections 5.1 and 4)."""


def find_passed_tls(exchange: Exchange) -> Account | None:
    """Give the account of a TCP flow whose first bytes upward are a ClientHello; None for any other."""
    if exchange.protocol is not Protocol.RAW or not (exchange.url or b"").startswith(b"tcp:"):
        return None
    up = [piece.data for piece in exchange.pieces if piece.direction is Direction.UP]
    head = b"".join(up[:_HEAD])[:_HEAD]
    if len(head) < _HEAD or head[0] != _HANDSHAKE or head[1] != 3 or head[5] != _CLIENT_HELLO:
        return None
    return Account(
        input=exchange.input,
        time=exchange.time,
        host=exchange.host,
        address=exchange.address,
        port=exchange.port,
        transport=Transport.TLS,
        closed=sum(map(len, up)),
        reason=PASSED,
    )
