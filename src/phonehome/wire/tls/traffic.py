"""The keys of TLS 1.3 in the order in which a direction uses them (RFC 8446 §7).

Early data, handshake, application data, and after each key update the next generation. A key log may lack any
of them; what comes later opens all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from phonehome.wire.side import Side
from phonehome.wire.tls.ciphers import Aead13
from phonehome.wire.tls.hello import EARLY_DATA, ClientHello, ServerHello
from phonehome.wire.tls.keylog import KeyLog
from phonehome.wire.tls.schedule import next_traffic_secret
from phonehome.wire.tls.suites import SUITES, Suite

MAX_LOGGED_GENERATION = 16
"""Generations of a traffic secret looked for in the key log; each is also computed from the one before."""

EARLY = -2
HANDSHAKE = -1
_LABELS = tuple(
    (
        (HANDSHAKE, f"{name}_HANDSHAKE_TRAFFIC_SECRET"),
        *((count, f"{name}_TRAFFIC_SECRET_{count}") for count in range(MAX_LOGGED_GENERATION)),
    )
    for name in ("CLIENT", "SERVER")
)
"""By side: number and label of each phase."""
_DIGEST_BYTES = {"sha256": 32, "sha384": 48}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Keys of one direction: `number` is EARLY, HANDSHAKE, or the generation of the application's keys."""

    number: int
    suite: Suite
    secret: bytes

    def opener(self) -> Aead13:
        """The protection under these keys."""
        return Aead13(self.suite, self.secret)

    def next(self) -> "Phase":
        """The keys after a key update."""
        secret = next_traffic_secret(self.suite.digest, self.secret)
        return Phase(number=self.number + 1, suite=self.suite, secret=secret)


def early_phases(keys: KeyLog, client: ClientHello) -> Iterator[Phase]:
    """Give what early data may be under: its suite is the earlier session's, one of those that are offered."""
    secret = keys.secret("CLIENT_EARLY_TRAFFIC_SECRET", client.random)
    if secret is None or client.extension(EARLY_DATA) is None:
        return
    for number in dict.fromkeys(client.ciphers):
        suite = SUITES.get(number)
        if suite is not None and number >> 8 == 0x13 and _DIGEST_BYTES[suite.digest] == len(secret):
            yield Phase(number=EARLY, suite=suite, secret=secret)


def phases(
    keys: KeyLog, side: Side, random: bytes, server: ServerHello, *, after: int = EARLY, use: bool = True
) -> Iterator[Phase]:
    """Give the phases that the key log has of a direction, in order; early data is not among them.

    Args:
        keys: The key log.
        side: The direction.
        random: Random of the client's hello, the inner one where it was encrypted.
        server: The server's hello.
        after: The phase that they must come after.
        use: Whether the secrets count as used; not while they are only tried.
    """
    suite = SUITES.get(server.cipher)
    if suite is None:
        return
    for number, label in _LABELS[side]:
        if number <= after:
            continue
        secret = keys.secret(label, random, use=use)
        # A secret of another size is a wrong line.
        if secret is not None and len(secret) == _DIGEST_BYTES[suite.digest]:
            yield Phase(number=number, suite=suite, secret=secret)
