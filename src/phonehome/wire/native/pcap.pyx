"""The walk over a pcap file's records, compiled."""

from array import array

from cpython.array cimport array as c_array
from cpython.bytes cimport PyBytes_GET_SIZE

from phonehome.wire.native.octets cimport append, number32

cdef enum:
    LENGTH_END = 12


def walk(bytes buffer not None, Py_ssize_t at, Py_ssize_t header, bint big, Py_ssize_t most):
    """Find where records begin; see `wire.capture.pcap.walk`, which does the same."""
    cdef Py_ssize_t last = PyBytes_GET_SIZE(buffer) - header, size, count = 0
    cdef c_array starts = array("q")
    if header < LENGTH_END or at < 0:
        raise ValueError("a record's header has 16 bytes or more, and begins inside the buffer")
    while at <= last:
        size = number32(buffer, at + 8, big)
        if size > most:
            return starts, at
        append(starts, at)
        count += 1
        at += header + size
    if at > PyBytes_GET_SIZE(buffer) and count:
        at = starts.pop()
    return starts, at
