"""The payloads of segments, each of which continues the last, put together."""

from cpython.array cimport array

from phonehome.wire.native.octets cimport joined


def join_payloads(bytes buffer not None, array starts not None, array ends not None, Py_ssize_t begin, Py_ssize_t stop):
    """Join the stretches from `begin` to `stop` of a list of them; see `wire.tcp.join_payloads`, which does the same."""
    return joined(buffer, starts, ends, begin, stop)
