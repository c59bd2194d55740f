"""Which keys open a record: the next ones of TLS 1.3, or any at another place behind a gap.

A record tells by opening that the keys and its number are right. So where keys or numbers are not certain,
the few that are possible are tried; every trial is counted, and there is a bound (`half`).
"""

from collections.abc import Iterator

from phonehome.wire.side import Side
from phonehome.wire.tls.ciphers import Opener
from phonehome.wire.tls.events import Event
from phonehome.wire.tls.half import MAX_SKIPPED_RECORDS, Half
from phonehome.wire.tls.handshake import Handshake
from phonehome.wire.tls.keylog import KeyLog
from phonehome.wire.tls.negotiation import Round
from phonehome.wire.tls.traffic import EARLY, HANDSHAKE, Phase, early_phases, phases

_FINISHED_BYTES = 16
"""Content of the first record under new keys below TLS 1.3 (RFC 5246 §7.4.9): no application data."""


class Keyring:
    """The keys that a key log has of one connection, tried where it is not certain which are in force."""

    __slots__ = ("_handshake", "_keys")

    def __init__(self, keys: KeyLog, handshake: Handshake) -> None:
        self._keys = keys
        self._handshake = handshake

    def has_later(self, half: Half, current: Round) -> bool:
        """Tell whether there are keys of TLS 1.3 that may still come into force in a direction."""
        return next(self._phases(half, current), None) is not None

    def enter_later(self, half: Half, event: Event, current: Round) -> bool:
        """Read on at a record under keys of TLS 1.3 that come after those in force; False if none open it."""
        numbers = range(MAX_SKIPPED_RECORDS if half.gapped else 1)
        for phase in self._phases(half, current):
            opener = phase.opener()
            number = half.find_number(event, opener, numbers, 0)
            if number is not None:
                self._handshake.prove_outer(current)
                self._enter(half, event, phase, opener, number)
                return True
        return self._unveil(half, event, current)

    def enter_below_13(self, half: Half, event: Event, opener: Opener) -> bool:
        """Read on at a record below TLS 1.3 whose ChangeCipherSpec is missing; False if it does not open."""
        number = half.find_number(event, opener, range(MAX_SKIPPED_RECORDS), 0)
        if number is None:
            return False
        self._resume(half, event, opener, number, missing=number > 1)
        return True

    def place(self, half: Half, event: Event, opener: Opener, current: Round | None) -> bool:
        """Read on at a candidate behind a gap; False if it opens under no keys and no number that are possible."""
        if self._place_under(half, event, opener, half.stream.sequence, half.phase):
            return True
        if half.phase is None or current is None:
            return False
        later = list(self._phases(half, current))
        if half.phase.number > HANDSHAKE:
            later.insert(0, half.phase.next())  # a key update may be among what is missing
        return any(self._place_under(half, event, phase.opener(), 0, phase) for phase in later)

    def _phases(self, half: Half, current: Round) -> Iterator[Phase]:
        if current.client is None:
            return
        if half.side is Side.CLIENT and half.phase is None:
            yield from early_phases(self._keys, current.client)
        if current.server is not None:
            after = EARLY if half.phase is None else half.phase.number
            yield from phases(self._keys, half.side, current.client.random, current.server, after=after)

    def _unveil(self, half: Half, event: Event, current: Round) -> bool:
        """Find the secrets of an encrypted hello: the key log has them under its own random (RFC 9850 §2)."""
        client, server = current.client, current.server
        if client is None or server is None or not client.ech_outer or half.phase is not None:
            return False
        if self._keys.knows(client.random):
            return False
        for random in self._keys.hidden_randoms():
            phase = next(phases(self._keys, half.side, random, server, use=False), None)
            if phase is None:
                continue
            opener = phase.opener()
            if half.find_number(event, opener, range(1), 0) is not None:
                self._handshake.unveil(current, random)
                self._keys.use(random)
                self._enter(half, event, phase, opener, 0)
                return True
        return False

    def _enter(self, half: Half, event: Event, phase: Phase, opener: Opener, number: int) -> None:
        half.phase = phase
        if phase.number == 0 and number == 0:
            half.stream.closed -= half.passed  # what came before was the handshake, which the key log lacks
        half.passed = 0
        self._resume(half, event, opener, number, missing=number > 0 and phase.number > HANDSHAKE)

    @staticmethod
    def _resume(half: Half, event: Event, opener: Opener, number: int, *, missing: bool) -> None:
        """Read on under keys whose first records are missing: how many bytes they held is a guess."""
        if missing:
            half.stream.mark_gap(max(1, half.stream.hidden(event) - number * opener.overhead))
        half.start(opener)
        half.stream.reread(event, opener, number)

    @staticmethod
    def _place_under(half: Half, event: Event, opener: Opener, first: int, phase: Phase | None) -> bool:
        """Read on at a candidate if it opens under these keys, whose next number would be `first`."""
        stream = half.stream
        same = opener is stream.opener
        skipped = half.skipped_range(event, opener)
        numbers = range(first + skipped.start, first + skipped.stop) if same else range(skipped.stop)
        number = half.find_number(event, opener, numbers, first)
        if number is None:
            return False
        hidden = stream.hidden(event)
        missing = max(1, hidden - (number - first) * opener.overhead) if hidden else 0
        if phase is None and not first:
            # Only the Finished message is missing, or it is among what is.
            missing = max(1, missing - _FINISHED_BYTES) if number > 1 else 0
        elif phase is not None and (phase.number <= HANDSHAKE or (not same and not number)):
            missing = 0
        half.phase = phase
        half.refused = 0
        stream.accept(event, opener, number, missing)
        return True
