"""Where the headers stand that every message is asked for, compiled."""

from cpython.bytes cimport PyBytes_GET_SIZE

from phonehome.model.header_names import KnownHeaders

cdef enum:
    NONE = -1
    LETTER_A = 65
    LETTER_Z = 90
    TO_LOWER = 32


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
            if host == NONE and _is(name, b"host"):
                host = place
        elif size == 12:
            if content_type == NONE and _is(name, b"content-type"):
                content_type = place
        elif size == 16 and _is(name, b"content-encoding"):
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


cdef bint _is(bytes name, bytes wanted):
    cdef Py_ssize_t place
    cdef unsigned char byte
    for place in range(PyBytes_GET_SIZE(name)):
        byte = name[place]
        if LETTER_A <= byte <= LETTER_Z:
            byte += TO_LOWER
        if byte != <unsigned char> wanted[place]:
            return False
    return True


_make = KnownHeaders._make
