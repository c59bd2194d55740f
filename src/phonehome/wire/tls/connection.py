"""One TLS connection: two streams of records in, what they held out.

The two directions need each other: what the client sends behind its hello can only be read once the
server's is known, and either may be fed first. So each direction runs until it must wait, and whenever
something new is known the other is tried again. What waits is bounded.

Versions below 1.3 change keys at ChangeCipherSpec (`negotiation`). TLS 1.3 changes them at certain handshake
messages (`traffic`); there a record that does not open is tried under the keys that come later, so that
neither a missing secret nor a gap hides more than it must.
"""

from phonehome.wire.side import Side
from phonehome.wire.tls.ciphers import HEADER_BYTES
from phonehome.wire.tls.events import (
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    MAX_RECORD_BYTES,
    SSLV2_HELLO,
    Event,
    What,
)
from phonehome.wire.tls.facts import TlsFacts
from phonehome.wire.tls.half import MAX_REFUSED, Half
from phonehome.wire.tls.handshake import Handshake
from phonehome.wire.tls.hello import EARLY_DATA
from phonehome.wire.tls.keylog import KeyLog
from phonehome.wire.tls.keyring import Keyring
from phonehome.wire.tls.negotiation import Round, missing_secret
from phonehome.wire.tls.plain import Plain
from phonehome.wire.tls.schedule import TLS13
from phonehome.wire.tls.suites import SUITES
from phonehome.wire.tls.traffic import HANDSHAKE as HANDSHAKE_KEYS

MAX_WAITING_BYTES = 32 * 1024 * 1024
"""Bytes of one direction kept while the other's hello has not come; beyond, the connection stays closed."""
_BEGINNING_MISSING = "the beginning of the connection was not recorded"
_WRONG_SECRET = "records do not open under the key log's secret"  # noqa: S105  a reason, not a secret
_PLACE_LOST = "records behind missing bytes could not be placed"
_NO_EARLY_SECRET = "the key log lacks the secret of the early data"  # noqa: S105  a reason, not a secret
_DAMAGED = "records that are cut or damaged do not open"
_NO_RECORD = "something that is no TLS record stands among the records"


class TlsConnection:
    """One recorded connection.

    Attributes:
        reason_closed: Why something stayed closed, in words without captured text; None if nothing did.
    """

    __slots__ = ("_halves", "_handshake", "_keyring", "_keys", "reason_closed")

    def __init__(self, keys: KeyLog) -> None:
        self.reason_closed: str | None = None
        self._keys = keys
        self._halves = (Half(Side.CLIENT), Half(Side.SERVER))
        self._handshake = Handshake()
        self._keyring = Keyring(keys, self._handshake)

    @staticmethod
    def looks_like(head: bytes) -> bool:
        """Tell whether a TLS record begins here: its header, or a hello in the form of SSL 2.0."""
        if len(head) < HEADER_BYTES:
            return False
        if CHANGE_CIPHER_SPEC <= head[0] <= APPLICATION_DATA:
            return head[1] == 3 and head[2] <= 4 and 0 < (head[3] << 8 | head[4]) <= MAX_RECORD_BYTES
        return head[0] & 0x80 != 0 and head[2] == 1 and head[3] == 3 and head[4] <= 3

    @property
    def facts(self) -> TlsFacts:
        """What is known so far."""
        return self._handshake.facts

    @property
    def sni(self) -> str | None:
        """The server name that the first hello asks for, as in `facts`, which take longer to write."""
        return self._handshake.sni

    @property
    def closed(self) -> list[int]:
        """By side, the bytes of record payload that stayed closed so far."""
        return [half.stream.closed for half in self._halves]

    @property
    def malformed(self) -> int:
        """Handshake messages so far that are cut, or not what they say they are."""
        return self._handshake.malformed

    @property
    def lost(self) -> list[int]:
        """By side, the bytes that the recording misses."""
        return [half.stream.lost for half in self._halves]

    def feed(self, side: Side, data: bytes) -> None:
        """Take bytes of one direction, as many at once as there are."""
        half = self._halves[side]
        half.stream.feed(data)
        if half.held is None:
            self._run(half)
        elif half.stream.waiting > MAX_WAITING_BYTES:
            self._close_both(f"the other direction's hello did not come within {MAX_WAITING_BYTES} bytes")

    def gap(self, side: Side, size: int) -> None:
        """Take note that bytes of one direction are missing."""
        half = self._halves[side]
        half.stream.gap(size)
        if half.held is None:
            self._run(half)

    def finish(self) -> None:
        """Nothing comes any more: decide on what waited, count what is left."""
        for half in self._halves:
            half.stream.finished = True
        for half in self._halves:
            self._run(half)
        for half in self._halves:
            if self._is_in_clear(half) and (half.stream.unread or half.messages.is_inside):
                self._handshake.malformed += 1  # the stream ends inside a record or a message
            half.stream.give_up()
            if half.stream.closed:
                self._reason(_WRONG_SECRET if half.refused and half.phase is None else _DAMAGED)

    @staticmethod
    def _is_in_clear(half: Half) -> bool:
        stream = half.stream
        return stream.opener is None and not stream.sealed and half.phase is None and half.held is None

    def take(self, side: Side) -> Plain | None:
        """Give what was decrypted of one direction since the last call, None if there is nothing new."""
        return self._halves[side].stream.take()

    def _run(self, half: Half) -> None:
        """Read a direction on, and each again as long as there is news for it."""
        self._read(half)
        while self._handshake.news:
            self._handshake.news = False
            for each in self._halves:
                self._read(each)

    def _read(self, half: Half) -> None:
        while True:
            event = half.held if half.held is not None else half.stream.advance()
            half.held = None
            if event is None:
                return
            if not self._handle(half, event):
                half.held = event
                return

    def _handle(self, half: Half, event: Event) -> bool:
        """Decide on an event; False if that must wait for the other side."""
        match event.what:
            case What.CONTENT:
                return self._content(half, event)
            case What.SEALED:
                return self._sealed(half, event)
            case What.GAP:
                half.gapped = True
                half.messages.clear()
            case What.CANDIDATE:
                self._candidate(half, event)
            case What.GARBAGE:
                self._garbage(half)
        return True

    def _content(self, half: Half, event: Event) -> bool:
        if half.stream.opener is not None:
            half.refused = 0
        match event.kind:
            case _ if event.kind == HANDSHAKE:
                self._handshake.read(half, event.content)
            case _ if event.kind == CHANGE_CIPHER_SPEC:
                return self._change_cipher(half)
            case _ if event.kind == APPLICATION_DATA:
                return self._without_keys(half, event)
            case _ if event.kind == SSLV2_HELLO:
                self._handshake.read_sslv2_hello(half, event.content)
            case _:
                pass  # alerts and heartbeats
        return True

    def _change_cipher(self, half: Half) -> bool:
        """ChangeCipherSpec: below TLS 1.3 new keys come into force, in 1.3 it means nothing (RFC 8446 §D.4)."""
        current = self._handshake.round_of(half)
        if current is None:
            if not self._handshake.retried:
                self._close_both(_BEGINNING_MISSING)
        elif current.server is None or current.client is None:
            if not half.stream.finished:
                return False
            if current.client is None or TLS13 not in current.client.versions:
                self._close_both(_BEGINNING_MISSING)
        elif current.server.version < TLS13:
            if self._awaits_key_exchange(half, current) and not half.stream.finished:
                return False
            opener = current.opener(half.side, self._keys)
            if isinstance(opener, str):
                self._close(half, opener)
            else:
                half.messages.clear()
                half.start(opener)
        return True

    def _awaits_key_exchange(self, half: Half, current: Round) -> bool:
        """Whether an `RSA` line may need messages of the other side that were not read yet."""
        if not self._keys.has_premasters or current.client is None or self._keys.knows(current.client.random):
            return False
        if half.side is Side.SERVER:
            return current.hello_done and current.key_exchange is None
        return current.key_exchange is not None and not current.hello_done

    def _without_keys(self, half: Half, event: Event) -> bool:
        """A protected record came, and no keys are in force."""
        current = self._handshake.round_of(half)
        if current is None:
            half.stream.closed += len(event.content)
            self._close_both(_BEGINNING_MISSING)
            return True
        if current.server is not None and current.client is not None and current.server.version < TLS13:
            return self._behind_lost_change(half, current, event)
        return self._later_keys(half, event, current)

    def _behind_lost_change(self, half: Half, current: Round, event: Event) -> bool:
        """Below TLS 1.3, application data in clear: ChangeCipherSpec is among the bytes that are missing."""
        opener = current.opener(half.side, self._keys)
        if isinstance(opener, str):
            self._close(half, opener)
        elif self._keyring.enter_below_13(half, event, opener):
            return True
        else:
            self._close(half, _PLACE_LOST if half.gapped else _WRONG_SECRET)
        half.stream.closed += len(event.content)
        return True

    def _sealed(self, half: Half, event: Event) -> bool:
        """A record did not open under the keys in force."""
        current = self._handshake.round_of(half)
        if half.phase is not None and current is not None:
            return self._later_keys(half, event, current)
        self._refuse(half, event)
        return True

    def _later_keys(self, half: Half, event: Event, current: Round) -> bool:
        """Try the keys of TLS 1.3 that come after those in force; False if they are not known yet."""
        if self._keyring.enter_later(half, event, current):
            return True
        if (current.server is None or current.client is None) and not half.stream.finished:
            return False
        if half.stream.opener is None and not self._keyring.has_later(half, current):
            self._close(half, self._why_no_keys(half, current))
        self._refuse(half, event)
        return True

    def _why_no_keys(self, half: Half, current: Round) -> str:
        if current.server is None or current.client is None:
            return _BEGINNING_MISSING
        if self._keys.knows(current.client.random):
            self._keys.use(current.client.random)
        if current.server.cipher not in SUITES:
            return f"cipher suite 0x{current.server.cipher:04x} cannot be opened"
        if self._keys.knows(current.client.random):
            return f"the key log lacks a secret of the {half.side.name.lower()}'s direction"
        return missing_secret(self._keys)

    def _refuse(self, half: Half, event: Event) -> None:
        """Count a record that stays closed; too many in a row, and the rest of the direction does too."""
        stream = half.stream
        payload = event.stop - event.start - HEADER_BYTES
        stream.closed += payload
        stream.sequence += 1
        half.refused += 1
        if stream.opener is not None:
            if half.refused == stream.sequence:
                self._close(half, _WRONG_SECRET)  # not one has opened under these keys
                return
            if half.phase is None or half.phase.number > HANDSHAKE_KEYS:
                stream.mark_gap(event.stop - event.start - stream.opener.overhead)
        else:
            half.passed += payload
            if self._lacks_early_secret(half):
                self._reason(_NO_EARLY_SECRET)
        if half.refused > MAX_REFUSED:
            self._close(half, _WRONG_SECRET)

    def _lacks_early_secret(self, half: Half) -> bool:
        """Whether what does not open may be early data (RFC 8446 §4.2.10), whose secret alone is missing."""
        current = self._handshake.round_of(half)
        if half.side is Side.SERVER or half.phase is not None or current is None or current.client is None:
            return False
        client = current.client
        if client.extension(EARLY_DATA) is None or not self._keys.knows(client.random):
            return False
        return self._keys.secret("CLIENT_EARLY_TRAFFIC_SECRET", client.random, use=False) is None

    def _candidate(self, half: Half, event: Event) -> None:
        """Behind a gap, a record may begin here: it does if it opens under some number."""
        stream = half.stream
        if stream.opener is None:
            stream.accept(event, None, 0, 0)
        elif not self._keyring.place(half, event, stream.opener, self._handshake.round_of(half)):
            stream.reject(event)
            half.refused += 1
            if half.refused > MAX_REFUSED:
                self._close(half, _PLACE_LOST)

    def _garbage(self, half: Half) -> None:
        """No record where one should be: search where records can be told by their opening, else give up."""
        half.refused += 1
        if half.stream.opener is not None and half.refused <= MAX_REFUSED:
            half.stream.search()
            return
        self._reason(_NO_RECORD)
        half.stream.give_up()

    def _close_both(self, reason: str) -> None:
        for half in self._halves:
            self._close(half, reason)

    def _close(self, half: Half, reason: str) -> None:
        self._reason(reason)
        half.stream.seal()
        if half.held is not None and half.held.kind == APPLICATION_DATA:
            half.stream.closed += half.held.stop - half.held.start - HEADER_BYTES
        half.held = None
        self._handshake.news = True

    def _reason(self, reason: str) -> None:
        if self.reason_closed is None:
            self.reason_closed = reason
