"""The extensions of a TLS hello (RFC 8446 section 4.2), cut apart."""

from cpython.bytes cimport PyBytes_GET_SIZE

from phonehome.wire.native.octets cimport cut

cdef enum:
    HEAD = 4


def split_extensions(bytes listed not None, Py_ssize_t most):
    """Cut a list of extensions apart; see `wire.tls.hello.split_extensions`, which does the same."""
    cdef Py_ssize_t at = 0, end = PyBytes_GET_SIZE(listed), size
    cdef int kind
    cdef list found = []
    while end - at >= HEAD and len(found) < most:
        kind = <int> <unsigned char> listed[at] << 8 | <unsigned char> listed[at + 1]
        size = <Py_ssize_t> <unsigned char> listed[at + 2] << 8 | <unsigned char> listed[at + 3]
        at += HEAD
        if size > end - at:
            break
        found.append((kind, cut(listed, at, at + size)))
        at += size
    return tuple(found)
