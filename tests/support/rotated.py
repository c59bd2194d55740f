"""Recordings in several files, as recorders that rotate write them, and what reading them together gives.

Nothing here that writes is the program's.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phonehome.model.account import Account
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers import InputFacts, ReadingOptions, iter_inputs, read_inputs

_SECTION, _INTERFACE, _PACKET_BLOCKS = 0x0A0D0D0A, 1, (2, 3, 6)


def split(capture: bytes, *cuts: int) -> list[bytes]:
    """Cut a capture of one section before packets of these numbers (from 1), each piece a file of its own.

    Of a pcapng, section and interfaces stand in every file; all else, as keys do, stays where it was.
    """
    is_pcapng = capture[:4] == b"\x0a\x0d\x0d\x0a"
    head, records = _blocks(capture) if is_pcapng else _records(capture)
    files = [[head] for _ in range(len(cuts) + 1)]
    number = 0
    for is_packet, record in records:
        number += is_packet
        files[bisect_right(sorted(cuts), number)].append(record)
    return [b"".join(pieces) for pieces in files]


def every(capture: bytes, count: int) -> list[bytes]:
    """Cut a capture into files of so many packets, as `editcap -c` does."""
    _, records = _blocks(capture) if capture[:4] == b"\x0a\x0d\x0d\x0a" else _records(capture)
    packets = sum(is_packet for is_packet, _ in records)
    return split(capture, *range(count + 1, packets + 1, count))


def _records(capture: bytes) -> tuple[bytes, list[tuple[bool, bytes]]]:
    order = "<" if capture[0] in {0xD4, 0x4D} else ">"
    records, at = [], 24
    while at < len(capture):
        size = 16 + struct.unpack_from(order + "I", capture, at + 8)[0]
        records.append((True, capture[at : at + size]))
        at += size
    return capture[:24], records


def _blocks(capture: bytes) -> tuple[bytes, list[tuple[bool, bytes]]]:
    order = "<" if capture[8] == 0x4D else ">"
    head, records, at = b"", list[tuple[bool, bytes]](), 0
    while at < len(capture):
        kind, size = struct.unpack_from(order + "II", capture, at)
        block = capture[at : at + size]
        if kind in (_SECTION, _INTERFACE):
            head += block
        else:
            records.append((kind in _PACKET_BLOCKS, block))
        at += size
    return head, records


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def numbered(files: Sequence[bytes], name: str = "cap_%05d.pcap") -> dict[str, bytes]:
    """Name files by a counter."""
    return {name % number: content for number, content in enumerate(files)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What came out of inputs, which were read as they were put together."""

    names: tuple[str, ...]
    recordings: tuple[tuple[int, ...], ...]
    exchanges: tuple[Exchange, ...]
    accounts: tuple[Account, ...]
    problems: tuple[Problem, ...]
    facts: tuple[InputFacts, ...]

    @property
    def joined(self) -> list[int | None]:
        """The inputs that say that they continue the one before."""
        return [one.input for one in self.problems if one.reason.startswith("continues the input before it")]

    @property
    def real_problems(self) -> list[Problem]:
        """The others' problems."""
        return [one for one in self.problems if not one.reason.startswith("continues the input before it")]

    @property
    def content(self) -> tuple[list[Exchange], list[Account]]:
        """Exchanges and accounts as if all of it were one input."""
        return (
            [replace(one, input=0) for one in self.exchanges],
            [replace(one, input=0) for one in self.accounts],
        )

    @property
    def urls(self) -> list[bytes | None]:
        """What was asked for, in order."""
        return [one.url for one in self.exchanges]


def read(*paths: Path, keys: Iterable[bytes] = (), handset: str | None = None) -> Read:
    """Find inputs and read them."""
    files = iter_inputs(paths)
    options = ReadingOptions(key_logs=tuple(keys), handset=handset)
    readings = list(read_inputs(files, options))
    items = [item for reading in readings for item in reading]
    return Read(
        names=tuple(Path(file.name).name for file in files),
        recordings=tuple(tuple(file.number for file in reading.files) for reading in readings),
        exchanges=tuple(item for item in items if isinstance(item, Exchange)),
        accounts=tuple(item for item in items if isinstance(item, Account)),
        problems=tuple(item for item in items if isinstance(item, Problem)),
        facts=tuple(facts for reading in readings for facts in reading.all_facts),
    )
