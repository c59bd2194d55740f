"""The files of one recording, as tcpdump -C and dumpcap -b write them, are read as one; others are not."""

import gzip
import hashlib
import io
import lzma
import os
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pcap_writer import (
    CLIENT,
    SERVER,
    Conversation,
    Packet,
    ethernet,
    pcap,
    pcapng,
    repeated,
    udp_datagram,
)
from read_packets import essence
from rotated import Read, every, numbered, read, split, write

from phonehome.model.exchange import Exchange
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.readers import ReadingOptions, iter_inputs, read_input, read_inputs
from phonehome.readers.base import ByteStream
from phonehome.readers.capture import CaptureReader
from phonehome.readers.packets import gathering
from phonehome.readers.rotation import RotatedFile

CASES = Path(__file__).parents[2] / "cases"
SECOND = 10**9
PHONE = "192.168.7.20"
REAL = (
    "pcap2har-firefox-tls13-facebook-dsb/pcap2har-firefox-tls13-facebook-dsb.pcapng",
    "pcap2har-http2-dump/pcap2har-http2-dump.pcapng",
    "pcap2har-ipv4-websocket-segmented/pcap2har-ipv4-websocket-segmented.pcap",
    "mercury-test_decrypt/mercury-test_decrypt.pcap",
    "suricata-http2-long-frame/suricata-http2-long-frame.pcap",
    "zeek-ipv6-fragmented-dns/zeek-ipv6-fragmented-dns.pcap",
)


def talk(path: str = "/", *, port: int = 40_000, at: int = 0) -> list[Packet]:
    """A connection with one request, whose body and answer take several packets; `at` seconds later."""
    one = Conversation(ends=((PHONE, port), ("198.51.100.1", 80)), mss=400)
    one.sequence = [1_000 + 70_000 * at, 5_000]
    one.time_ns += at * SECOND
    asked = f"POST {path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n".encode() + b"u" * 1_000
    answered = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"d" * 900
    return [*one.open(), *one.send(CLIENT, asked), *one.send(SERVER, answered), *one.close()]


def ask(name: bytes, *, port: int, time_ns: int) -> list[Packet]:
    """A query with its answer."""
    question = bytes([len(name)]) + name + b"\x07example\0\0\x01\0\x01"
    answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc6\x33\x64\x01"
    phone, resolver = (PHONE, port), ("192.0.2.53", 53)
    sent = udp_datagram(phone, resolver, b"\0\x07\x01\0\0\x01\0\0\0\0\0\0" + question)
    got = udp_datagram(resolver, phone, b"\0\x07\x81\x80\0\x01\0\x01\0\0\0\0" + question + answer)
    return [
        Packet(time_ns=time_ns, frame=ethernet(CLIENT, sent)),
        Packet(time_ns=time_ns + SECOND, frame=ethernet(SERVER, got)),
    ]


def halves(packets: Sequence[Packet], *, pause: float = 0) -> tuple[bytes, bytes]:
    """Two files of the packets, the second so many seconds later than it was."""
    middle = len(packets) // 2
    later = [replace(one, time_ns=one.time_ns + int(pause * SECOND)) for one in packets[middle:]]
    return pcap(packets[:middle]), pcap(later)


def read_pair(folder: Path, one: str, two: str) -> Read:
    """A connection over two files of these names."""
    first, second = halves(talk())
    return read(write(folder, {one: first, two: second}))


class TestReadingOn:
    @pytest.mark.parametrize("count", [1, 7, 50])
    @pytest.mark.parametrize("name", REAL)
    def test_a_real_recording_gives_the_same_in_many_files_as_in_one(
        self, name: str, count: int, tmp_path: Path
    ) -> None:
        capture = CASES / f"pcap-{name}"
        keys = [path.read_bytes() for path in capture.parent.glob("*.keylog")]
        whole = read(capture, keys=keys)
        files = every(capture.read_bytes(), count)
        together = read(write(tmp_path / "d", numbered(files, "cap%d" + capture.suffix)), keys=keys)
        assert whole.exchanges
        assert together.content == whole.content
        assert together.joined == list(range(1, len(files)))
        assert [one.reason for one in together.real_problems] == [one.reason for one in whole.problems]
        # Each is of the file that holds its first packet.
        assert all(one.input == (one.packets[0] - 1) // count for one in together.exchanges)
        assert all(one.input == (one.packets[0] - 1) // count for one in together.accounts)

    def test_what_continues_says_from_which_number_on_its_packets_are_counted(self, tmp_path: Path) -> None:
        files = numbered(split(pcap(talk()), 4, 9))
        together = read(write(tmp_path / "d", files))
        assert together.joined == [1, 2]
        one, two = together.problems[:2]
        assert "packets are numbered on from 4, as in the file that mergecap -a" in one.reason
        assert "packets are numbered on from 9, " in two.reason
        assert not any(one.lost for one in together.problems)
        [exchange] = together.exchanges
        assert (exchange.input, exchange.index) == (1, 0)
        assert exchange.packets == (4, 5, 6, 7, 8, 9)

    def test_indexes_count_on_so_that_none_comes_twice(self, tmp_path: Path) -> None:
        packets = [one for number in range(6) for one in talk(f"/{number}", port=40_000 + number, at=number)]
        together = read(write(tmp_path / "d", numbered(every(pcap(packets), 9))))
        assert [one.index for one in together.exchanges] == list(range(6))
        assert [one.input for one in together.exchanges] == [
            (one.packets[0] - 1) // 9 for one in together.exchanges
        ]

    def test_each_file_stays_an_input_with_its_own_facts(self, tmp_path: Path) -> None:
        packets = [*talk("/1"), *talk("/2", port=40_001, at=5)]
        files = numbered(halves(packets))
        together = read(write(tmp_path / "d", files))
        for facts, content in zip(together.facts, files.values(), strict=True):
            assert facts.sha256 == hashlib.sha256(content).hexdigest()
            assert facts.size == len(content)
            assert facts.handset is not None
            assert facts.handset.addresses == (PHONE,)
        one, two = together.facts
        assert one.first == one.last == together.exchanges[0].time
        assert two.first == two.last == together.exchanges[1].time

    def test_a_name_that_one_file_learns_is_known_in_the_next(self, tmp_path: Path) -> None:
        asked = ask(b"shop", port=5_000, time_ns=talk()[0].time_ns - 3 * SECOND)
        one = Conversation()
        raw = [*one.open(), *one.send(CLIENT, b"\x01\x02\x03" * 100), *one.close()]
        together = read(write(tmp_path / "d", {"a1.pcap": pcap(asked), "a2.pcap": pcap(raw)}))
        assert [one.host for one in together.exchanges] == ["192.0.2.53", "shop.example"]

    def test_an_app_that_one_file_names_is_known_in_the_next(self, tmp_path: Path) -> None:
        packets = talk("/", port=40_001)
        apps = [(10_123, "com.example.shop", "Shop")]
        first, second = split(pcapng([replace(one, comment="u-10123") for one in packets], apps=apps), 5)
        together = read(write(tmp_path / "d", {"a1.pcapng": first, "a2.pcapng": second}))
        assert [one.app for one in together.exchanges] == ["com.example.shop"]

    def test_files_are_opened_one_after_another_and_only_when_their_turn_comes(self) -> None:
        files = every(pcap(talk()), 3)
        opened: list[str] = []

        @contextmanager
        def opener(name: str, content: bytes) -> Iterator[ByteStream]:
            opened.append(f"{name} opened")
            yield io.BytesIO(content)
            opened.append(f"{name} closed")

        def parts() -> Iterator[RotatedFile]:
            for number, content in enumerate(files):
                yield RotatedFile(
                    where=str(number),
                    number=number,
                    begins=talk()[number * 3].time_ns,
                    open=lambda name=str(number), content=content: opener(name, content),  # type: ignore[misc]
                )

        items = list(CaptureReader().read_rotated(parts(), options=ReadingOptions()))
        assert opened == [f"{number} {what}" for number in range(len(files)) for what in ("opened", "closed")]
        assert sum(isinstance(item, Exchange) for item in items) == 1
        assert [item.input for item in items if isinstance(item, SeenHandset)] == list(range(len(files)))


class TestNames:
    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ("cap.pcap", "cap.pcap1"),
            ("cap.pcap09", "cap.pcap10"),
            ("cap_00001_20240101120000.pcapng", "cap_00002_20240101120500.pcapng"),
            ("phone-2024-01-01_23.59.00.pcap", "phone-2024-01-02_00.00.00.pcap"),
            ("cap.pcap7", "cap.pcap0"),
        ],
    )
    def test_names_alike_but_for_digits_are_of_one_recording(
        self, one: str, two: str, tmp_path: Path
    ) -> None:
        together = read_pair(tmp_path / "d", one, two)
        assert together.names == (one, two)
        assert together.joined == [1]
        assert len(together.exchanges) == 1

    @pytest.mark.parametrize(
        ("one", "two"), [("home1.pcap", "away1.pcap"), ("cap1.pcap", "cap1-old.pcap"), ("a.pcap", "a.cap")]
    )
    def test_names_that_differ_in_letters_are_not(self, one: str, two: str, tmp_path: Path) -> None:
        apart = read_pair(tmp_path / "d", one, two)
        assert apart.joined == []
        assert len(apart.recordings) == 2

    def test_files_of_different_folders_are_not(self, tmp_path: Path) -> None:
        first, second = halves(talk())
        write(tmp_path / "d" / "1", {"cap1.pcap": first})
        write(tmp_path / "d" / "2", {"cap2.pcap": second})
        assert read(tmp_path / "d").joined == []

    def test_files_that_were_named_one_by_one_are(self, tmp_path: Path) -> None:
        first, second = halves(talk())
        folder = write(tmp_path / "d", {"cap1.pcap": first, "cap2.pcap": second})
        together = read(folder / "cap2.pcap", folder / ".." / "d" / "cap1.pcap")
        assert together.names == ("cap1.pcap", "cap2.pcap")
        assert together.joined == [1]

    def test_a_file_that_was_named_twice_is_not_its_own_sequel(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "d", {"cap1.pcap": pcap(talk()[:1])})
        twice = read(folder / "cap1.pcap", folder)
        assert twice.joined == []
        assert twice.recordings == ((0,), (1,))

    def test_time_orders_them_where_names_do_not_and_other_inputs_keep_their_places(
        self, tmp_path: Path
    ) -> None:
        files = every(pcap([one for at in range(12) for one in talk(f"/{at}", port=40_000 + at, at=at)]), 12)
        assert len(files) > 11
        names = {f"cap.pcap{number or ''}": content for number, content in enumerate(files)}
        other = pcap(talk("/other", at=1_000))
        together = read(write(tmp_path / "d", names | {"before.pcap": other, "zebra.pcap": other}))
        assert together.names == ("before.pcap", *names, "zebra.pcap")
        assert together.urls[1:-1] == [f"http://a.example/{number}".encode() for number in range(12)]
        assert together.joined == list(range(2, len(files) + 1))

    def test_other_interfaces_are_other_recordings(self, tmp_path: Path) -> None:
        files = {"cap1.pcap": pcap(talk()), "cap2.pcapng": b"", "cap3.pcap": pcap(talk(at=1))}
        files["cap2.pcap"] = pcap([replace(one, frame=one.frame[14:]) for one in talk(at=2)], link=101)
        del files["cap2.pcapng"]
        apart = read(write(tmp_path / "d", files))
        assert apart.names == ("cap1.pcap", "cap3.pcap", "cap2.pcap")
        assert apart.joined == [1]


class TestTimes:
    @pytest.mark.parametrize(("pause", "joined"), [(59, [1]), (61, [])])
    def test_a_long_silence_begins_a_recording_anew(
        self, pause: float, joined: list[int], tmp_path: Path
    ) -> None:
        files = numbered(halves(talk(), pause=pause))
        found = read(write(tmp_path / "d", files))
        assert found.joined == joined
        assert len(found.exchanges) == 2 - len(joined)
        if not joined:
            assert {one.input for one in found.exchanges} == {0, 1}
            assert found.exchanges[1].packets[0] == 1

    def test_behind_a_silence_files_are_joined_again(self, tmp_path: Path) -> None:
        files = [*halves(talk("/1")), *halves(talk("/2", at=600)), *halves(talk("/3", at=1_200))]
        found = read(write(tmp_path / "d", numbered(files)))
        assert found.joined == [1, 3, 5]
        assert found.urls == [b"http://a.example/1", b"http://a.example/2", b"http://a.example/3"]
        assert [(one.input, one.index) for one in found.exchanges] == [(0, 0), (2, 0), (4, 0)]

    def test_what_begins_anew_has_a_handset_of_its_own(self, tmp_path: Path) -> None:
        other = Conversation(ends=(("192.168.7.99", 40_000), ("198.51.100.1", 80)))
        other.time_ns += 600 * SECOND
        files = [pcap(talk()), pcap([*other.open(), *other.close()])]
        found = read(write(tmp_path / "d", numbered(files)))
        assert [one.handset.addresses for one in found.facts if one.handset] == [(PHONE,), ("192.168.7.99",)]

    def test_captures_of_the_same_time_are_not_joined_nor_is_what_follows_them(self, tmp_path: Path) -> None:
        """Two recorders at once, each of which rotates: the names do not tell which is whose."""
        one = talk("/1") + talk("/1b", at=10)
        two = talk("/2", port=50_000) + talk("/2b", port=50_000, at=10)
        files = dict(zip(("eth0-1.pcap", "eth0-2.pcap"), halves(one), strict=True))
        files |= dict(zip(("eth1-1.pcap", "eth1-2.pcap"), halves(two), strict=True))
        assert read(write(tmp_path / "d", files)).joined == []

    def test_copies_are_not_joined(self, tmp_path: Path) -> None:
        capture = pcap(talk())
        apart = read(write(tmp_path / "d", {"cap1.pcap": capture, "cap2.pcap": capture}))
        assert apart.joined == []
        assert len(apart.exchanges) == 2

    def test_packets_a_little_out_of_order_do_not_part_files(self, tmp_path: Path) -> None:
        packets = talk()
        packets = [replace(one, time_ns=one.time_ns + at * SECOND) for at, one in enumerate(packets)]
        middle = len(packets) // 2
        packets[middle] = replace(packets[middle], time_ns=packets[middle - 1].time_ns - SECOND // 2)
        assert read(write(tmp_path / "d", numbered(halves(packets)))).joined == [1]

    def test_files_without_packets_or_times_stay_by_themselves(self, tmp_path: Path) -> None:
        first, second = halves(talk())
        undated = pcap([replace(one, time_ns=0) for one in talk(port=40_001)])
        files = {"cap1.pcap": first, "cap2.pcap": pcap([]), "cap3.pcap": second, "cap4.pcap": undated}
        found = read(write(tmp_path / "d", files))
        assert found.names == ("cap1.pcap", "cap3.pcap", "cap2.pcap", "cap4.pcap")
        assert found.recordings == ((0, 1), (2,), (3,))
        assert found.joined == [1]


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


class TestWrapped:
    def test_compressed_files_are_joined_with_others(self, tmp_path: Path) -> None:
        packets = [*talk("/1"), *talk("/2", port=40_001, at=3)]
        files = every(pcap(packets), 6)
        assert len(files) == 4
        wraps = list(WRAPPINGS.items())
        names = {
            f"cap{number}.pcap{suffix}": wrap(content)
            for number, (content, (suffix, wrap)) in enumerate(zip(files, [*wraps, ("", bytes)], strict=True))
        }
        folder = write(tmp_path / "d", names)
        (whole := tmp_path / "whole.pcap").write_bytes(pcap(packets))
        together = read(folder)
        assert together.joined == [1, 2, 3]
        assert together.content == read(whole).content

    def test_members_of_an_archive_are_not(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name, content in numbered(halves(talk())).items():
                archive.writestr(name, content)
        assert read(tmp_path / "a.zip").joined == []

    def test_pipes_are_not(self, tmp_path: Path) -> None:
        pipes = [tmp_path / "1", tmp_path / "2"]
        for pipe, content in zip(pipes, halves(talk()), strict=True):
            os.mkfifo(pipe)
            threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True).start()
        apart = read(*pipes)
        assert apart.joined == []
        assert len(apart.exchanges) == 2


class TestDamage:
    def test_a_file_that_is_cut_is_a_problem_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        packets = [one for number in range(6) for one in talk(f"/{number}", port=40_000 + number, at=number)]
        files = every(pcap(packets), 10)
        broken = [*files[:3], files[3][:-200], *files[4:]]
        found = read(write(tmp_path / "d", numbered(broken)))
        whole = read(write(tmp_path / "e", numbered(files)))
        assert found.joined == whole.joined
        # The file ends in the head of one request.
        assert [url for url in found.urls if url in whole.urls] == [
            url for url in whole.urls if url != b"http://a.example/3"
        ]
        [cut] = [one for one in found.real_problems if "the file ends inside a packet's record" in one.reason]
        assert cut.input == 3
        assert [one.request for one in found.exchanges[:3]] == [one.request for one in whole.exchanges[:3]]
        assert [one.request for one in found.exchanges if one.url == whole.urls[5]] == [
            whole.exchanges[5].request
        ]

    @pytest.mark.parametrize("keep", [0.6, 0.9])
    def test_so_is_one_whose_compression_breaks_off(self, keep: float, tmp_path: Path) -> None:
        packets = [one for number in range(6) for one in talk(f"/{number}", port=40_000 + number, at=number)]
        packed = [gzip.compress(content) for content in every(pcap(packets), 10)]
        packed[3] = packed[3][: int(len(packed[3]) * keep)]
        found = read(write(tmp_path / "d", numbered(packed, "cap%d.pcap.gz")))
        assert 3 in {one.input for one in found.real_problems}
        assert {0, 4} <= {one.index for one in found.exchanges}
        assert b"http://a.example/5" in found.urls

    def test_a_file_that_is_gone_when_its_turn_comes_is_a_problem(self, tmp_path: Path) -> None:
        folder = write(tmp_path / "d", numbered(every(pcap(talk()), 5)))
        files = iter_inputs([folder])
        assert [file.after for file in files] == [None, 0, 1]
        (folder / "cap_00001.pcap").unlink()
        [reading] = read_inputs(files)
        lost = [item for item in reading if isinstance(item, Problem) and item.lost]
        assert [item.input for item in lost if "No such file" in item.reason] == [1]
        assert [facts.size is not None and facts.size > 0 for facts in reading.all_facts] == [
            True,
            False,
            True,
        ]

    def test_what_is_known_of_all_files_names_all_of_them(self, tmp_path: Path) -> None:
        packets = talk()
        del packets[4]
        found = read(write(tmp_path / "d", numbered(every(pcap(packets), 4))))
        [missing] = found.real_problems
        assert missing.reason.startswith("bytes of 1 connections are missing from the recording (400 in all")
        assert missing.input == 0
        assert missing.where.endswith("cap_00000.pcap and the 2 after it that continue it")

    def test_a_single_capture_whose_compression_breaks_off_gives_what_came_before(
        self, tmp_path: Path
    ) -> None:
        noise = [Packet(time_ns=talk()[-1].time_ns, frame=os.urandom(1_000)) for _ in range(200)]
        packed = gzip.compress(pcap([*talk(), *noise]))
        (path := tmp_path / "a.pcap.gz").write_bytes(packed[: len(packed) // 2])
        items = list(read_input(iter_inputs([path])[0]))
        assert [item.url for item in items if isinstance(item, Exchange)] == [b"http://a.example/"]


def mixed() -> list[Packet]:
    """Connections side by side and one after another on one port, and packets that came twice, by time."""
    packets = [
        *talk("/1"),
        *talk("/2", port=40_001),
        *repeated(talk("/3", port=40_002), seed=2),
        *talk("/4", at=2),
    ]
    return sorted(packets, key=lambda one: one.time_ns)


MIXED = mixed()
NAMED = sorted([*MIXED, *ask(b"one", port=5_000, time_ns=MIXED[5].time_ns)], key=lambda one: one.time_ns)


@given(cuts=st.sets(st.integers(2, len(NAMED)), max_size=12))
@settings(max_examples=60)
def test_splitting_anywhere_changes_nothing(cuts: set[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("split")
    (whole := folder / "whole.pcap").write_bytes(pcap(NAMED))
    together = read(write(folder / "d", numbered(split(pcap(NAMED), *cuts))))
    expected = read(whole)
    assert len(expected.exchanges) == 5
    assert together.content == expected.content
    assert together.joined == list(range(1, len(cuts) + 1))
    assert together.real_problems == []


@given(cuts=st.sets(st.integers(2, len(MIXED)), max_size=12))
@settings(max_examples=30)
def test_it_also_changes_nothing_where_each_file_is_a_window_of_its_own(
    cuts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("split")
    (whole := folder / "whole.pcap").write_bytes(pcap(MIXED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "ENOUGH_BYTES", 0)
        files = numbered(split(pcap(MIXED), *cuts))
        together = read(write(folder / "d", files), handset=PHONE)
    expected = read(whole, handset=PHONE)
    assert sorted(map(essence, together.exchanges), key=repr) == sorted(
        map(essence, expected.exchanges), key=repr
    )
    assert sorted(one.index for one in together.exchanges) == list(range(4))
    assert sorted(map(repr, together.content[1])) == sorted(map(repr, expected.content[1]))
