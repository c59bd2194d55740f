"""Captures of packets: pcap and pcapng, with the keys that open their TLS."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address

from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.readers.base import ByteStream, Item, ReadingOptions
from phonehome.readers.packets.handset import HandsetFinder
from phonehome.readers.packets.oddities import Oddities
from phonehome.readers.packets.protocols import Keys
from phonehome.readers.packets.session import Session
from phonehome.readers.packets.share import WHOLE, Counts, Part, Share
from phonehome.wire.capture import Fault, Names, Secrets, Window, looks_like_capture, read_capture
from phonehome.wire.ip import IpLayer
from phonehome.wire.link import strip_link
from phonehome.wire.tls.keylog import KeyLog

_HARMLESS = frozenset({"ARP", "LLDP", "EAPOL", "PPPoE discovery"})
"""What carries no data of anybody's, though it is no IP."""


class CaptureReader:
    """Reads pcap and pcapng, window by window."""

    name = "pcap"

    def recognises(self, head: bytes) -> bool:
        """Tell a capture by its magic number."""
        return looks_like_capture(head)

    def read(self, stream: ByteStream, *, where: str, number: int, options: ReadingOptions) -> Iterator[Item]:
        """Read every packet; see `Reader.read`."""
        return CaptureReading(stream, where, number, options).iter_items()


class CaptureReading:
    """One pass over a capture, or over a worker's share of one.

    Attributes:
        counts: What was counted of the share's conversations; whole once the pass has ended.
    """

    def __init__(
        self, stream: ByteStream, where: str, number: int, options: ReadingOptions, share: Share = WHOLE
    ) -> None:
        self.counts = Counts()
        self._stream = stream
        self._where = where
        self._number = number
        self._keys = Keys(KeyLog())
        for log in options.key_logs:
            self._keys.log.add(log)
        self._told = bool(options.key_logs)
        self._finder = HandsetFinder(options.handset)
        self._session = Session(number, self._keys, self._finder, share)
        self._ip = IpLayer()
        self._unread: Counter[str] = Counter()
        self._oddities = Oddities()

    def iter_items(self) -> Iterator[Item]:
        """Give everything, where the share is the whole."""
        for part in self.iter_parts():
            yield from part.items
        yield from self.closing_problems(self.counts)

    def iter_parts(self) -> Iterator[Part]:
        """Give what each window held, and what was left at the end; after the last, what was seen by the way.

        Of each share there are as many parts, in the same places of the capture.
        """
        for item in read_capture(self._stream):
            if isinstance(item, Window):
                segments = self._ip.strip(strip_link(item))
                self._unread.update(segments.unread)
                self._oddities.observe(item, segments)
                yield Part(list(self._session.take(segments)), self._session.fresh)
            elif isinstance(item, Secrets):
                if item.is_tls_key_log:
                    self._keys.log.add(item.data)
                else:
                    reason = f"secrets of a kind that is not read (0x{item.kind:08x})"
                    yield Part([self._problem(reason, lost=False)])
            elif isinstance(item, Names):
                self._learn(item)
            else:
                yield Part([self._fault(item)])
        yield Part(list(self._session.finish()), self._session.fresh)
        self.counts = self._session.count()

    def _learn(self, item: Names) -> None:
        name = item.name.rstrip(".").lower()
        if len(item.address) in (4, 16) and name:
            self._session.names.learn(str(ip_address(item.address)), name)

    def _fault(self, fault: Fault) -> Problem:
        behind = f" behind packet {fault.packet:,}" if fault.packet else ""
        place = f"at byte {fault.offset:,}{behind}"
        return Problem(where=f"{self._where} {place}", reason=fault.reason, input=self._number)

    def closing_problems(self, counts: Counts) -> Iterator[Problem | SeenHandset]:
        """Give what is known only at the end: packets of other kinds, fragments, keys that fit nothing.

        Args:
            counts: Of all shares together.
        """
        for reason, count in sorted(self._unread.items()):
            if count:
                harmless = reason in _HARMLESS
                yield self._problem(f"{count:,} packets were not read: {reason}", lost=not harmless)
        if lost := self._ip.finish():
            yield self._problem(f"{lost:,} datagrams miss some of their fragments")
        for reason, is_lost in self._oddities.iter_reasons():
            yield self._problem(reason, lost=is_lost)
        if counts.holed:
            yield self._problem(
                f"bytes of {counts.holed:,} connections are missing from the recording ({counts.missing:,} in "
                "all, both ways): what they held was not looked at"
            )
        if counts.stray:
            yield self._problem(
                f"{counts.stray:,} bytes of segments are numbered far from the rest of their connections, and "
                "were left out"
            )
        if counts.left_out:
            reason = (
                f"{counts.left_out:,} packets with payload are of other devices than the handset, and were "
                "left out"
            )
            yield self._problem(reason, lost=False)
        if self._told and len(self._keys.log) and not counts.opened:
            yield self._problem(
                "the key log fits no connection of this capture: it is of another recording, or the capture "
                "does not hold the beginning of the connections"
            )
        if (handset := self._finder.handset) is not None:
            yield handset

    def _problem(self, reason: str, *, lost: bool = True) -> Problem:
        return Problem(where=self._where, reason=reason, input=self._number, lost=lost)
