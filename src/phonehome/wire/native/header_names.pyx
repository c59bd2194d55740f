"""Where the headers stand that every message is asked for, compiled."""

from cpython.bytes cimport PyBytes_GET_SIZE

from phonehome.model.header_names import KnownHeaders
from phonehome.wire.native.octets cimport is_called

cdef enum:
    NONE = -1


def find_headers(tuple headers not None):
    """Find them, whatever the case of their names; see `model.header_names.find_headers`, which does the same."""
    cdef Py_ssize_t place, host = NONE, content_type = NONE, encoding = NONE, size
    cdef list more = None
    cdef bytes name
    cdef tuple header
    for place in range(len(headers)):
        header = headers[place]
        name = header[0]
        size = PyBytes_GET_SIZE(name)
        if size == 4:
            if host == NONE and is_called(name, 0, b"host"):
                host = place
        elif size == 12:
            if content_type == NONE and is_called(name, 0, b"content-type"):
                content_type = place
        elif size == 16 and is_called(name, 0, b"content-encoding"):
            if encoding == NONE:
                encoding = place
            elif more is None:
                more = [encoding, place]
            else:
                more.append(place)
    if more is not None:
        encodings = tuple(more)
    else:
        encodings = (encoding,) if encoding != NONE else ()
    return _make((
        host if host != NONE else None,
        content_type if content_type != NONE else None,
        encodings,
    ))


_make = KnownHeaders._make
