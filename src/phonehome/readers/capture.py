"""Captures of packets: pcap and pcapng, with the keys that open their TLS."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_address

from phonehome.model.errors import InputError
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.model.recording import RecordedSpan
from phonehome.readers.base import ByteStream, Item, ReadingOptions, explain_failure
from phonehome.readers.packets.gathering import Gathering
from phonehome.readers.packets.handset import HandsetFinder
from phonehome.readers.packets.oddities import Oddities, explain_notes
from phonehome.readers.packets.origins import Origins
from phonehome.readers.packets.protocols import Keys
from phonehome.readers.packets.session import Session
from phonehome.readers.packets.share import WHOLE, Counts, Share, Step
from phonehome.readers.rotation import Fit, RotatedFile, Span
from phonehome.wire.capture import Carried, Fault, Names, Secrets, Window, looks_like_capture, read_capture
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
        reading = CaptureReading(where, number, options)
        yield from _items(reading.take(stream, where, number))
        yield from reading.finish()

    def read_rotated(self, parts: Iterable[RotatedFile], *, options: ReadingOptions) -> Iterator[Item]:
        """Read files that may be one recording, one after another; each that continues the last goes on with its state.

        Args:
            parts: The files, by the time of their first packets.
            options: What the user says beside the captures.

        Yields:
            What `read` yields, of each file's number; also, of each that continues another, that it does.
        """
        reading: CaptureReading | None = None
        is_one = True
        for part in parts:
            if reading is not None:
                fit = reading.span.compare(part.begins)
                # What was recorded at the same time is not one recording, whatever the names say, nor is what follows.
                is_one = is_one and fit is not Fit.OVERLAPS
                if not is_one or fit is not Fit.CONTINUES:
                    yield from reading.finish()
                    reading = None
            if reading is None:
                reading = CaptureReading(part.where, part.number, options, gather=True)
            else:
                yield reading.go_on(part)
            try:
                with part.open() as stream:
                    yield from _items(reading.take(stream, part.where, part.number))
            except (InputError, OSError) as error:
                yield Problem(where=part.where, reason=explain_failure(error), input=part.number)
        if reading is not None:
            yield from reading.finish()


class CaptureReading:
    """One pass over a recording, in one file or in several, or over a worker's share of one.

    Args:
        where: The first file's name.
        number: Its input's number.
        options: What the user says beside the capture.
        gather: Whether small windows are joined, so that the border of two files is seen no more than needs be.
        share: Which of the conversations are read.

    Attributes:
        span: The time of the file that was read last.
    """

    def __init__(
        self, where: str, number: int, options: ReadingOptions, *, gather: bool = False, share: Share = WHOLE
    ) -> None:
        self.span = Span()
        self._spans = {number: self.span}
        self._where = where
        self._number = number
        self._keys = Keys(KeyLog.join(options.key_logs))
        self._told = bool(options.key_logs)
        self._finder = HandsetFinder(options.handset)
        self._origins = Origins(number)
        self._session = Session(self._origins, self._keys, self._finder, share, accounted=options.audited)
        self._carried = Carried()
        self._ip = IpLayer()
        self._gathering = Gathering() if gather else None
        self._unread: Counter[str] = Counter()
        self._oddities = Oddities()

    def go_on(self, part: RotatedFile) -> Problem:
        """Go on with the next file; says so, for its packets are not numbered as in the file by itself."""
        self.span = self._spans[part.number] = Span()
        first = self._carried.number + 1
        self._origins.begin(part.number, first)
        reason = (
            f"continues the input before it: its packets are numbered on from {first:,}, as in the file that "
            "mergecap -a makes of the recording; display filters are for that"
        )
        return Problem(where=part.where, reason=reason, input=part.number, lost=False)

    def take(self, stream: ByteStream, where: str, number: int) -> Iterator[Step]:
        """Read a file to its end, or to where its bytes make no sense; of each share there are as many steps.

        What ends the file before its end is a problem; what was read before stays.
        """
        try:
            for item in read_capture(stream, carried=self._carried):
                if isinstance(item, Window):
                    yield from self._take_window(item)
                elif isinstance(item, Secrets):
                    if item.is_tls_key_log:
                        self._keys.log.add(item.data)
                    else:
                        reason = f"secrets of a kind that is not read (0x{item.kind:08x})"
                        yield Step([Problem(where=where, reason=reason, input=number, lost=False)])
                elif isinstance(item, Names):
                    self._learn(item)
                else:
                    yield Step([_describe(item, where, number)])
        except (InputError, OSError) as error:
            yield Step([Problem(where=where, reason=explain_failure(error), input=number)])

    def finish(self) -> Iterator[Item]:
        """Give what is left, where the share is the whole; nothing follows."""
        yield from _items(self.end())
        yield from self.closing_items(self.count())

    def end(self) -> Iterator[Step]:
        """Give what is left of the conversations."""
        if self._gathering is not None:
            for segments in self._gathering.finish():
                yield Step(list(self._session.take(segments)), self._session.fresh)
        yield Step(list(self._session.finish()), self._session.fresh)

    def count(self) -> Counts:
        """Give what was counted of the share's conversations."""
        return self._session.count()

    def _take_window(self, window: Window) -> Iterator[Step]:
        segments = self._ip.strip(strip_link(window))
        self.span.observe(window)
        self._unread.update(segments.unread)
        self._oddities.observe(window, segments)
        for gathered in (segments,) if self._gathering is None else self._gathering.take(segments):
            yield Step(list(self._session.take(gathered)), self._session.fresh)

    def _learn(self, item: Names) -> None:
        name = item.name.rstrip(".").lower()
        if len(item.address) in (4, 16) and name:
            self._session.names.learn(str(ip_address(item.address)), name)

    def closing_items(self, counts: Counts) -> Iterator[Problem | SeenHandset | RecordedSpan]:
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
        for reason, is_lost in explain_notes(counts.notes):
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
        if counts.differing:
            yield self._problem(
                f"{counts.differing:,} bytes were sent again with another content: what came first was looked at"
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
            for number in self._origins.inputs:
                yield replace(handset, input=number)
        for number, span in self._spans.items():
            if (covered := span.covered(number)) is not None:
                yield covered

    def _problem(self, reason: str, *, lost: bool = True) -> Problem:
        return Problem(where=self._named(), reason=reason, input=self._number, lost=lost)

    def _named(self) -> str:
        """Name the recording, for what is known only of all of it."""
        more = len(self._origins.inputs) - 1
        return f"{self._where} and the {more:,} after it that continue it" if more else self._where


def _items(steps: Iterable[Step]) -> Iterator[Item]:
    for step in steps:
        yield from step.items


def _describe(fault: Fault, where: str, number: int) -> Problem:
    behind = f" behind packet {fault.packet:,}" if fault.packet else ""
    return Problem(where=f"{where} at byte {fault.offset:,}{behind}", reason=fault.reason, input=number)
