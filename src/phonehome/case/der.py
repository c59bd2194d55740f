"""Putting the certificates of a time-stamp reply into the order that DER asks for.

Time-stamp services send them as they stand in their configuration; a strict parser refuses that. They lie outside of
what is signed (RFC 5652, section 5.1), so their order means nothing, and putting them in order changes no length.
"""

from collections.abc import Iterator

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0


def sort_certificates(reply: bytes) -> bytes:
    """Give a reply of RFC 3161 with its certificates in the order of their bytes.

    What is no such reply comes back as it is, for the parser to refuse.
    """
    try:
        # TimeStampResp › timeStampToken › content [0] › SignedData › certificates [0]
        start, end = 0, len(reply)
        for tag, number in ((_SEQUENCE, 0), (_SEQUENCE, 1), (_CONTEXT_0, 0), (_SEQUENCE, 0)):
            _, start, end = [part for part in _iter_parts(reply, start, end) if part[0] == tag][number]
        place = next(part for part in _iter_parts(reply, start, end) if part[0] == _CONTEXT_0)
        certificates = list(_iter_whole(reply, place[1], place[2]))
    except (IndexError, StopIteration, ValueError):
        return reply
    return reply[: place[1]] + b"".join(sorted(certificates)) + reply[place[2] :]


def _iter_parts(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, begin and end of the content of each element in a stretch."""
    while start < end:
        tag, size, head = data[start], data[start + 1], 2
        if size & 0x80:
            count = size & 0x7F
            if not 0 < count <= 4:
                raise ValueError("a length that DER does not know")
            size = int.from_bytes(data[start + 2 : start + 2 + count], "big")
            head += count
        if start + head + size > end:
            raise ValueError("an element that does not end")
        yield tag, start + head, start + head + size
        start += head + size


def _iter_whole(data: bytes, start: int, end: int) -> Iterator[bytes]:
    for _, _, stop in _iter_parts(data, start, end):
        yield data[start:stop]
        start = stop
