"""Heads of HTTP/1 (RFC 9112) as nearly all are, compiled; whatever else there is stays with `wire.http1_head`."""

from phonehome.wire.native.octets cimport cut, find, is_called, stands_at

cdef enum:
    NEW_LINE = 10
    RETURN = 13
    COLON = 58
    TAB = 9
    SPACE = 32
    MAX_DIGITS = 18
    REMEMBERED = 512
    MAX_REMEMBERED_NAME = 40

cdef list _names = [b""] * REMEMBERED  # one object for each name that comes again and again


def read_head(bytes data not None, Py_ssize_t position, Py_ssize_t limit, Py_ssize_t most):
    """Read a head.

    Args:
        data: What holds it.
        position: Where it begins.
        limit: Where it ends at the latest.
        most: How many fields are read.

    Returns:
        Its first line, its fields, where the body begins, its length or None, its codings or None, and whether
        another protocol is asked for; None where the head is not whole, or has anything unusual.
    """
    cdef Py_ssize_t line_end, colon, begin, stop, at
    cdef bytes name, value, first, coding = None
    cdef object length = None
    cdef bint upgrade = False
    cdef list headers = []
    line_end = find(data, NEW_LINE, position, limit)
    if line_end <= position or <unsigned char> data[line_end - 1] != RETURN:
        return None
    first = cut(data, position, line_end - 1)
    while True:
        at = line_end + 1
        line_end = find(data, NEW_LINE, at, limit)
        if line_end <= at or <unsigned char> data[line_end - 1] != RETURN:
            return None
        if line_end == at + 1:
            return first, tuple(headers), line_end + 1, length, coding, upgrade
        colon = find(data, COLON, at, line_end)
        if colon <= at or len(headers) >= most:
            return None
        if _is_blank(data[at]) or _is_blank(data[colon - 1]):
            return None
        begin, stop = colon + 1, line_end - 1
        while begin < stop and _is_blank(data[begin]):
            begin += 1
        while begin < stop and _is_blank(data[stop - 1]):
            stop -= 1
        name = _name(data, at, colon)
        value = cut(data, begin, stop)
        headers.append((name, value))
        # What says how long the body is, and what follows it.
        if colon - at == 14 and is_called(data, at, b"content-length"):
            if length is not None or not 0 < stop - begin <= MAX_DIGITS or not value.isdigit():
                return None
            length = int(value)
        elif colon - at == 17 and is_called(data, at, b"transfer-encoding"):
            if coding is not None:
                return None
            coding = value.lower()
        elif colon - at == 7 and is_called(data, at, b"upgrade"):
            upgrade = True


cdef inline bint _is_blank(unsigned char byte):
    return byte == SPACE or byte == TAB


cdef bytes _name(bytes data, Py_ssize_t start, Py_ssize_t stop):
    """Cut out a name; those seen lately are the same objects again."""
    cdef Py_ssize_t size = stop - start, slot
    cdef bytes name
    if size > MAX_REMEMBERED_NAME:
        return cut(data, start, stop)
    slot = (
        size * 7 + <unsigned char> data[start] * 31 + <unsigned char> data[stop - 1] * 131
        + <unsigned char> data[start + size // 2] * 17
    ) % REMEMBERED
    name = <bytes?> _names[slot]
    if not stands_at(data, start, stop, name):
        name = cut(data, start, stop)
        _names[slot] = name
    return name
