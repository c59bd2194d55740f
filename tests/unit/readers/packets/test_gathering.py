"""Small windows are joined until there is enough of them, whatever they are small of."""

import pytest
from capture_bytes import ipv4, pcap, tcp
from wire_columns import payloads, segments

from phonehome.readers.packets import gathering
from phonehome.readers.packets.gathering import Gathering
from phonehome.wire.segments import Segments


def window(text: bytes) -> Segments:
    return segments(pcap([ipv4(tcp(text))], link=101))


SIZE = len(window(b"0").buffer)


@pytest.mark.parametrize(
    ("bound", "most", "given"),
    [
        ("ENOUGH_BYTES", 3 * SIZE, 3),
        ("MAX_WINDOW_PACKETS", 2, 2),
        ("MAX_PARTS", 4, 4),
        ("ENOUGH_BYTES", 0, 1),
    ],
)
def test_windows_are_handed_on_once_they_are_enough(
    bound: str, most: int, given: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, bound, most)
    gathered = Gathering()
    texts = [bytes([ord("a") + at]) for at in range(given)]
    for text in texts[:-1]:
        assert list(gathered.take(window(text))) == []
    [joined] = gathered.take(window(texts[-1]))
    assert payloads(joined) == texts
    assert list(gathered.finish()) == []


def test_the_rest_is_handed_on_at_the_end() -> None:
    gathered = Gathering()
    assert [list(gathered.take(window(text))) for text in (b"x", b"y")] == [[], []]
    [joined] = gathered.finish()
    assert payloads(joined) == [b"x", b"y"]
    assert list(gathered.finish()) == []
