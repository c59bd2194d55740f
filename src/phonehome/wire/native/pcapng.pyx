"""The walk over a pcapng file's packet blocks, compiled."""

from cpython.array cimport array
from cpython.bytes cimport PyBytes_GET_SIZE

from phonehome.wire.native.octets cimport append, number32

cdef enum:
    PACKET = 6
    LEAST_BLOCK = 12
    LEAST_PACKET_BLOCK = 32


def walk_packets(bytes buffer not None, Py_ssize_t at, bint big, Py_ssize_t most, array starts not None):
    """Go over packet blocks; see `wire.capture.pcapng.walk_packets`, which does the same."""
    cdef Py_ssize_t last = PyBytes_GET_SIZE(buffer) - LEAST_BLOCK, count = 0
    cdef unsigned int size
    cdef array found = array("q")
    while count < most and at <= last:
        size = number32(buffer, at + 4, big)
        if number32(buffer, at, big) != PACKET or size < LEAST_PACKET_BLOCK or size & 3:
            break
        append(found, at)
        count += 1
        at += size
    starts.extend(found)  # which refuses where somebody looks into it
    if at > PyBytes_GET_SIZE(buffer):
        at = starts.pop()
    return at
