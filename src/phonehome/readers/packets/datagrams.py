"""UDP: DNS and QUIC by what they are, everything else as stretches of datagrams."""

from dataclasses import replace
from typing import Protocol as Shape

import numpy as np

from phonehome.model.account import Account
from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Message, Piece, Protocol, Transport
from phonehome.readers.packets.accounts import make_account
from phonehome.readers.packets.addresses import NameBook
from phonehome.readers.packets.drafts import Begun, Outbox
from phonehome.readers.packets.handset import HandsetFinder
from phonehome.readers.packets.link import Counts, Link, make_link, to_time
from phonehome.readers.packets.origins import Origins
from phonehome.readers.packets.raw import raw_protocol
from phonehome.wire.columns import Column
from phonehome.wire.conversations import Pair, Talk, sort_conversations
from phonehome.wire.dhcp import parse_dhcp
from phonehome.wire.dhcpv6 import parse_dhcpv6
from phonehome.wire.dns import DnsMessage, dns_body, looks_like_dns
from phonehome.wire.dns_flow import DnsExchange, DnsPairs
from phonehome.wire.names import Name, name_datagrams
from phonehome.wire.quic import QuicFlow
from phonehome.wire.segments import Segments
from phonehome.wire.side import Side
from phonehome.wire.tls.facts import TlsFacts

MAX_FLOWS = 20_000
"""Flows of datagrams that are followed at once; of more, those that were silent longest are taken for ended."""

SILENT_WINDOWS = 4
"""Windows without a datagram after which a flow is over."""

MAX_STRETCH = 1 << 20
"""Bytes of the datagrams that one exchange holds."""

DNS_PORTS = frozenset({53, 5353, 5355, 137})
_WELL_KNOWN = 1024
_UDP = 17
_IPSEC = frozenset({50, 51})
_SCHEMES = {1: "icmp", 2: "igmp", 58: "icmpv6", 132: "sctp"}
_ADDRESS_RECORDS = frozenset({1, 28})


class _Flow(Shape):
    """Reads one flow of datagrams."""

    def feed(self, side: Side, data: bytes, cut: int, number: int, time: int) -> None:
        """Take a datagram's payload."""

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""

    def finish(self) -> None:
        """Give what is left."""

    def account(self) -> tuple[Counts, TlsFacts | None, str | None]:
        """Give what was sent up beside the exchanges, what the handshake told, and why something was not read."""


class DnsFlow:
    """Queries with their answers."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pairs = DnsPairs()
        self._numbers: dict[int, int] = {}
        self._times: dict[int, int] = {}
        self._other: RawFlow | None = None
        self._counts = Counts()

    def feed(self, side: Side, data: bytes, cut: int, number: int, time: int) -> None:
        """Take a datagram's payload."""
        self._times[number] = time
        try:
            exchanges = self._pairs.feed(side, data, number)
        except DecodeError:
            if self._other is None:
                self._other = RawFlow(self._link)
            self._other.feed(side, data, cut, number, time)
            return
        if side is self._link.up:
            self._counts.lost += cut
        self._put(exchanges)

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        waiting = [Begun(mark, self._numbers, mark) for mark in self._pairs.unfinished()]
        return waiting + (self._other.begun() if self._other is not None else [])

    def finish(self) -> None:
        """Give what is left."""
        self._put(self._pairs.finish())
        if self._other is not None:
            self._other.finish()

    def account(self) -> tuple[Counts, TlsFacts | None, str | None]:
        """Give what was sent up beside the exchanges, what the handshake told, and why something was not read."""
        return self._counts, None, "the recording kept only the beginning of packets"

    def _put(self, exchanges: list[DnsExchange]) -> None:
        for exchange in exchanges:
            first, fields = dns_fields(self._link, exchange)
            fields["time"] = to_time(self._times.get(first, 0))
            self._link.put(first, self._numbers, first, fields)
            for mark in (exchange.query_mark, exchange.answer_mark):
                if mark is not None:
                    self._times.pop(mark, None)


def dns_fields(link: Link, exchange: DnsExchange, *, counted: bool = True) -> tuple[int, dict[str, object]]:
    """Give the number of the first packet and an exchange's fields; learns the names that the answer gives.

    What is not `counted` has no size: its bytes are those of another exchange.
    """
    if exchange.answer is not None:
        _learn(link.names, exchange.answer)
    marks = sorted(mark for mark in (exchange.query_mark, exchange.answer_mark) if mark is not None)
    fields: dict[str, object] = {
        "protocol": Protocol.DNS,
        "method": exchange.operation,
        "url": exchange.url,
        "host": link.host,
        "packets": tuple(marks),
    }
    if exchange.asker is link.up:
        query, answer = dns_body(exchange.query), dns_body(exchange.answer)
        if not counted:
            query = replace(query, size=0) if query is not None else None
            answer = replace(answer, size=0) if answer is not None else None
        fields["request"], fields["response"] = query, answer
    else:
        # Asked by the other end (multicast DNS): what the handset answers goes up.
        pieces = [
            Piece(direction=link.direction(side), data=message.raw)
            for side, message in ((exchange.asker, exchange.query), (exchange.asker.other, exchange.answer))
            if message is not None
        ]
        fields["pieces"] = tuple(pieces)
    return marks[0], fields


def _learn(names: NameBook, answer: DnsMessage) -> None:
    """The name that was asked for names every address of the answer, aliases between them or not."""
    if answer.questions:
        name = answer.questions[0].name.rstrip(".").lower()
        for record in answer.records:
            if record.type in _ADDRESS_RECORDS and name:
                names.learn(record.text, name)


class QuicDatagrams:
    """QUIC: its first packets tell the name and the version; the rest is closed."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._flow = QuicFlow()
        self._lost = 0

    def feed(self, side: Side, data: bytes, cut: int, number: int, time: int) -> None:
        """Take a datagram's payload."""
        del number, time
        self._flow.feed(side, data)
        if side is self._link.up:
            self._lost += cut

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return []

    def finish(self) -> None:
        """Give what is left."""
        self._flow.finish()

    def account(self) -> tuple[Counts, TlsFacts | None, str | None]:
        """Give what was sent up beside the exchanges, what the handshake told, and why something was not read."""
        counts = Counts()
        # What the first packets tell is no data of an application: until all is decrypted, all counts as closed.
        counts.closed = self._flow.opened[self._link.up] + self._flow.closed[self._link.up]
        counts.lost = self._lost
        return counts, self._flow.facts(), "QUIC is not decrypted yet"


class DhcpFlow:
    """DHCP: each message is an exchange; a phone tells its owner's name there."""

    def __init__(self, link: Link, *, version: int) -> None:
        self._link = link
        self._parse = parse_dhcp if version == 4 else parse_dhcpv6
        self._other = RawFlow(link)

    def feed(self, side: Side, data: bytes, cut: int, number: int, time: int) -> None:
        """Take a datagram's payload."""
        try:
            message = self._parse(data)
        except DecodeError:
            self._other.feed(side, data, cut, number, time)
            return
        link = self._link
        carried = Message(
            headers=tuple((name.encode(), value) for name, value in message.fields),
            body=data,
            size=len(data) + cut,
            truncated=cut > 0,
            missing=cut,
        )
        shown = f"[{link.address}]" if ":" in link.address else link.address
        fields: dict[str, object] = {
            "time": to_time(time),
            "protocol": Protocol.DHCP,
            "method": message.kind,
            "url": f"udp://{shown}:{link.port}".encode(),
            "host": link.host,
            "packets": (number,),
            "request": carried if message.from_client else None,
            "response": None if message.from_client else carried,
        }
        link.put(number, {}, 0, fields)

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return self._other.begun()

    def finish(self) -> None:
        """Give what is left."""
        self._other.finish()

    def account(self) -> tuple[Counts, TlsFacts | None, str | None]:
        """Give what was sent up beside the exchanges."""
        return self._other.account()


class SealedFlow:
    """IPsec: all of it is closed."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._counts = Counts()

    def feed(self, side: Side, data: bytes, cut: int, number: int, time: int) -> None:
        """Take a datagram's payload."""
        del number, time
        if side is self._link.up:
            self._counts.closed += len(data)
            self._counts.lost += cut

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return []

    def finish(self) -> None:
        """Give what is left."""

    def account(self) -> tuple[Counts, TlsFacts | None, str | None]:
        """Give what was sent up beside the exchanges."""
        return self._counts, None, "IPsec is not decrypted"


class RawFlow:
    """Datagrams of a protocol that nobody parses."""

    def __init__(self, link: Link, protocol: Protocol = Protocol.RAW, scheme: str = "udp") -> None:
        self._scheme = scheme
        self._link = link
        self._protocol = protocol
        self._pieces: list[tuple[int, Piece]] = []
        self._size = 0
        self._stretch = 0
        self._numbers: dict[int, int] = {}
        self._counts = Counts()

    def feed(self, side: Side, data: bytes, cut: int, number: int, time: int) -> None:
        """Take a datagram's payload."""
        if self._size + len(data) > MAX_STRETCH:
            self.finish()
        self._size += len(data)
        piece = Piece(direction=self._link.direction(side), data=data, time=to_time(time))
        self._pieces.append((number, piece))
        if side is self._link.up:
            self._counts.lost += cut

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return [Begun(self._pieces[0][0], self._numbers, self._stretch)] if self._pieces else []

    def finish(self) -> None:
        """Give what is left."""
        if not self._pieces:
            return
        link = self._link
        shown = f"[{link.address}]" if ":" in link.address else link.address
        fields: dict[str, object] = {
            "time": self._pieces[0][1].time,
            "protocol": self._protocol,
            "url": (f"{self._scheme}://{shown}" + (f":{link.port}" if link.port else "")).encode(),
            "host": link.host,
            "packets": tuple(number for number, _ in self._pieces),
            "pieces": tuple(piece for _, piece in self._pieces),
        }
        link.put(self._pieces[0][0], self._numbers, self._stretch, fields)
        self._pieces, self._size = [], 0
        self._stretch += 1

    def account(self) -> tuple[Counts, TlsFacts | None, str | None]:
        """Give what was sent up beside the exchanges, what the handshake told, and why something was not read."""
        return self._counts, None, "the recording kept only the beginning of packets"


class _Known:
    """A flow in the table."""

    __slots__ = ("active", "client_is_one", "first", "flow", "link", "time")

    def __init__(self, link: Link, flow: _Flow, *, client_is_one: bool, first: int, time: int) -> None:
        self.link = link
        self.flow = flow
        self.client_is_one = client_is_one
        self.first = first
        self.time = time
        self.active = 0


class DatagramTable:
    """Follows the flows of datagrams of one recording."""

    def __init__(self, origins: Origins, finder: HandsetFinder, names: NameBook, out: Outbox) -> None:
        self._origins = origins
        self._finder = finder
        self._names = names
        self._out = out
        self.left_out = 0
        self._flows: dict[Pair, _Known] = {}
        self._accounts: list[Account] = []
        self._window = 0

    def take(self, segments: Segments, chosen: Column, *, again: bool = False) -> list[Account]:
        """Read the datagrams among a window's segments; gives the accounts of flows that are over.

        Args:
            segments: The window's, or its packets of other protocols.
            chosen: Which of them.
            again: The window is the same as before.
        """
        self._window += not again
        order, talks = sort_conversations(segments, chosen)
        for talk in talks:
            places = order[talk.begin : talk.end]
            self._take_talk(segments, talk, places)
        self._end_silent()
        accounts, self._accounts = self._accounts, []
        return accounts

    def begun(self) -> list[Begun]:
        """Give the exchanges that are not complete."""
        return [
            one
            for known in self._flows.values()
            if known.active == self._window
            for one in known.flow.begun()
        ]

    def finish(self) -> list[Account]:
        """End everything."""
        for known in self._flows.values():
            self._finish(known)
        self._flows.clear()
        return self._accounts

    def _take_talk(self, segments: Segments, talk: Talk, places: Column) -> None:
        middle = talk.middle - talk.begin
        starts, ends = segments.start[places].tolist(), segments.end[places].tolist()
        cuts, numbers = segments.cut[places].tolist(), segments.number[places].tolist()
        times = segments.time[places].tolist()
        by_time = np.argsort(segments.number[places], kind="stable").tolist()
        known = self._flows.get(talk.pair)
        if known is None:
            at = by_time[0]
            mac = int(segments.src_mac[places[at]])
            if not self._finder.is_involved(talk.pair.one[:2], talk.pair.two[:2], mac):
                self.left_out += len(by_time)
                return
            app = int(segments.app[places[at]])
            name = segments.apps.known[app].label if app >= 0 else None
            known = self._open(talk.pair, at < middle, segments.buffer[starts[at] : ends[at]], name)
            known.first, known.time = numbers[at], times[at]
            self._flows[talk.pair] = known
        known.active = self._window
        view, feed = segments.buffer, known.flow.feed
        for at in by_time:
            if ends[at] > starts[at] or cuts[at]:
                side = Side.CLIENT if (at < middle) == known.client_is_one else Side.SERVER
                feed(side, view[starts[at] : ends[at]], cuts[at], numbers[at], times[at])

    def _open(self, pair: Pair, from_one: bool, data: bytes, app: str | None) -> _Known:
        sender, receiver = (pair.one, pair.two) if from_one else (pair.two, pair.one)
        # The first datagram recorded may be an answer: a low port against a high one is the server's.
        from_client = not (sender.port < _WELL_KNOWN <= receiver.port)
        client, server = (sender, receiver) if from_client else (receiver, sender)
        link = make_link(client, server, self._finder, app=app, names=self._names, out=self._out)
        flow: _Flow
        if pair.protocol == _UDP:
            flow = _choose(link, (client.port, server.port), data)
        elif pair.protocol in _IPSEC:
            flow = SealedFlow(link)
        else:
            flow = RawFlow(link, scheme=_SCHEMES.get(pair.protocol, f"ip-{pair.protocol}"))
        return _Known(link, flow, client_is_one=from_one == from_client, first=0, time=0)

    def _end_silent(self) -> None:
        over = [pair for pair, known in self._flows.items() if self._window - known.active >= SILENT_WINDOWS]
        if len(self._flows) - len(over) > MAX_FLOWS:
            over = sorted(self._flows, key=lambda pair: self._flows[pair].active)[
                : len(self._flows) - MAX_FLOWS
            ]
        for pair in over:
            self._finish(self._flows.pop(pair))

    def _finish(self, known: _Known) -> None:
        known.flow.finish()
        counts, facts, reason = known.flow.account()
        if facts is None and not counts.read + counts.closed + counts.lost:
            return
        self._accounts.append(
            make_account(
                known.link,
                counts,
                facts,
                self._origins,
                first=known.first,
                time=known.time,
                transport=Transport.QUIC if facts is not None else Transport.CLEARTEXT,
                host=known.link.host,
                reason=reason if counts.closed + counts.lost else None,
                version="QUIC" if facts is not None else None,
            )
        )


def _choose(link: Link, ports: tuple[int, int], data: bytes) -> _Flow:
    name = name_datagrams([data], [], ports=ports)
    if name is Name.DNS or (DNS_PORTS.intersection(ports) and looks_like_dns(data)):
        return DnsFlow(link)
    if name is Name.QUIC:
        return QuicDatagrams(link)
    if name in (Name.DHCP, Name.DHCPV6):
        return DhcpFlow(link, version=4 if name is Name.DHCP else 6)
    return RawFlow(link, raw_protocol(name))
