"""The walk over a pcap file's records, compiled."""

from array import array

from cpython.bytes cimport PyBytes_GET_SIZE

cdef enum:
    LENGTH_END = 12
    FIRST_ROOM = 4096


def walk(bytes buffer, Py_ssize_t at, Py_ssize_t header, bint big, Py_ssize_t most):
    """Find where records begin; see `wire.capture.pcap.walk`, which does the same."""
    cdef Py_ssize_t last = PyBytes_GET_SIZE(buffer) - header, size, count = 0
    cdef long long[::1] view
    if header < LENGTH_END or at < 0:
        raise ValueError("a record's header has 16 bytes or more, and begins inside the buffer")
    starts = array("q", bytes(8 * FIRST_ROOM))
    view = starts
    while at <= last:
        if big:
            size = (
                <Py_ssize_t> <unsigned char> buffer[at + 8] << 24 | <Py_ssize_t> <unsigned char> buffer[at + 9] << 16
                | <Py_ssize_t> <unsigned char> buffer[at + 10] << 8 | <unsigned char> buffer[at + 11]
            )
        else:
            size = (
                <Py_ssize_t> <unsigned char> buffer[at + 11] << 24 | <Py_ssize_t> <unsigned char> buffer[at + 10] << 16
                | <Py_ssize_t> <unsigned char> buffer[at + 9] << 8 | <unsigned char> buffer[at + 8]
            )
        if size > most:
            break
        if count == view.shape[0]:
            view = None
            starts *= 2
            view = starts
        view[count] = at
        count += 1
        at += header + size
    view = None
    if at > PyBytes_GET_SIZE(buffer) and count:
        count -= 1
        at = starts[count]
    return starts[:count], at
