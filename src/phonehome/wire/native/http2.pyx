"""What a list of HTTP/2 header fields says of its message, compiled."""


def split_head(list headers not None):
    """Take the pseudo-header fields apart; see `wire.http2_stream.split_head`, which does the same."""
    cdef Py_ssize_t count = 0
    cdef bytes name, value, method = None, target = None, authority = None, scheme = None, protocol = None
    cdef object status = None
    cdef tuple header
    for header in headers:
        name, value = <bytes?> header[0], <bytes?> header[1]
        if not name or name[0] != b':':
            break
        if target is None and name == b":path":
            target = value
        elif name == b":status":
            status = int(value) if len(value) == 3 and value.isdigit() else None
        elif method is None and name == b":method":
            method = value
        elif authority is None and name == b":authority":
            authority = value
        elif name == b":scheme":
            scheme = value
        elif name == b":protocol":
            protocol = value
        else:
            break
        count += 1
    return tuple(headers[count:]), method, target, status, authority, scheme, protocol
