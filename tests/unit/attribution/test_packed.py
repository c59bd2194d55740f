from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from phonehome.attribution.packed import Range, build_table4, build_table6, read_packed, write_packed

LAST_4 = 2**32 - 1
LAST_6 = 2**128 - 1


def ranges_up_to(last: int) -> st.SearchStrategy[list[Range]]:
    """Disjoint ascending ranges, neighbours and both ends of the address space included."""
    bounds = st.lists(
        st.one_of(st.integers(0, last), st.sampled_from([0, 1, last])), unique=True, max_size=12
    )
    return bounds.flatmap(
        lambda ends: st.lists(st.integers(1, 3), min_size=len(ends), max_size=len(ends)).map(
            lambda values: [
                (first, last, value)
                for first, last, value in zip(sorted(ends)[::2], sorted(ends)[1::2], values, strict=False)
            ]
        )
    )


def find_slowly(ranges: list[Range], address: int) -> int:
    return next((value for first, last, value in ranges if first <= address <= last), 0)


def probes(ranges: list[Range], last: int) -> set[int]:
    edges = {edge + step for first, end, _ in ranges for edge in (first, end) for step in (-1, 0, 1)}
    return {edge for edge in edges | {0, last} if 0 <= edge <= last}


@given(ranges_up_to(LAST_4))
def test_an_ipv4_table_answers_as_a_linear_search_does(ranges: list[Range]) -> None:
    table = build_table4(ranges)

    for address in probes(ranges, LAST_4):
        assert table.find(address) == find_slowly(ranges, address)


@given(ranges_up_to(LAST_6))
def test_an_ipv6_table_answers_as_a_linear_search_does(ranges: list[Range]) -> None:
    table = build_table6(ranges)

    for address in probes(ranges, LAST_6):
        assert table.find(address) == find_slowly(ranges, address)


def test_ranges_finer_than_64_bits_are_kept_apart() -> None:
    base = 0x20010DB8 << 96
    table = build_table6([(base, base + 1, 1), (base + 2, base + 5, 2), (base + 9, base + 9, 3)])

    assert [table.find(base + step) for step in (0, 1, 2, 5, 6, 9, 10)] == [1, 1, 2, 2, 0, 3, 0]


def test_of_overlapping_ranges_the_later_one_keeps_what_lies_behind() -> None:
    table = build_table4([(10, 20, 1), (15, 30, 2), (16, 18, 3)])

    assert [table.find(address) for address in (9, 10, 15, 20, 21, 30, 31)] == [0, 1, 1, 1, 2, 2, 0]


def test_a_packed_file_reads_back_with_its_texts(tmp_path: Path) -> None:
    table4 = build_table4([(1, 5, 64500), (8, LAST_4, 64501)])
    table6 = build_table6([(2**64, LAST_6, 64500)])
    path = tmp_path / "names.zst"
    size = write_packed(path, table4, table6, {64500: "Телеком «Ö»", 64501: ""})

    packed = read_packed(path)

    assert path.stat().st_size == size
    assert [packed.find(4, address) for address in (0, 1, 5, 6, 8, LAST_4)] == [
        0,
        64500,
        64500,
        0,
        64501,
        64501,
    ]
    assert [packed.find(6, address) for address in (0, 2**64 - 1, 2**64, LAST_6)] == [0, 0, 64500, 64500]
    assert packed.text(64500) == "Телеком «Ö»"
    assert packed.text(64501) is None
    assert packed.text(64499) is None
    assert packed.text(99999) is None


def test_empty_tables_know_nothing() -> None:
    assert build_table4([]).find(5) == 0
    assert build_table6([]).find(5) == 0
