"""The walk over TLS records that open one after another, compiled; what stops it is for `wire.tls.records` to judge."""

from cpython.bytes cimport PyBytes_GET_SIZE

from cryptography.exceptions import InvalidTag

from phonehome.wire.native.octets cimport copied, cut
from phonehome.wire.tls.events import Event, What
from phonehome.wire.tls.ciphers import Nonces

cdef enum:
    HEADER = 5
    NONCE = 12
    SALT = 4
    EXPLICIT = 8
    ADDITIONAL = 13
    APPLICATION_DATA = 23
    FIRST_TYPE = 20
    LAST_TYPE = 24
    MAX_RECORD = 16384 + 2048
    SCRATCH = 64 * 1024
    SLACK = 32

_GARBAGE, _CONTENT, _SEALED = What.GARBAGE, What.CONTENT, What.SEALED
cdef list _spare = []  # scratch buffers that no walk is using: a cipher lets other threads run


def open_records(opener, bytes data not None, Py_ssize_t position, sequence, list parts not None, marks, Py_ssize_t base, Py_ssize_t plain):
    """Open record after record; see `wire.tls.records.open_records`, which does the same."""
    cdef Py_ssize_t end = PyBytes_GET_SIZE(data), stop, body, size, filled = 0, written, tag = 0
    cdef unsigned long long number = sequence, counter
    cdef int kind, place
    cdef bint inner = opener.inner_type, is_explicit = False, is_aead
    cdef bytearray out, nonce = None, additional = None
    cdef bytes fixed
    event = None
    if end - position < HEADER:
        return position, sequence, plain, None
    out = <bytearray?> _spare.pop() if _spare else bytearray(SCRATCH + SLACK)
    target, view = memoryview(out), memoryview(data)
    open_record = opener.open
    nonces = opener.nonces
    is_aead = nonces is not None
    if is_aead:
        decrypt, tag, fixed = opener.decrypt_into, opener.tag, opener.fixed
        is_explicit = nonces is Nonces.EXPLICIT
        nonce, additional = bytearray(NONCE), bytearray(ADDITIONAL)
        for place in range(len(fixed)):
            nonce[place] = fixed[place]
    while end - position >= HEADER:
        kind = <unsigned char> data[position]
        size = (<Py_ssize_t> <unsigned char> data[position + 3]) << 8 | <unsigned char> data[position + 4]
        stop = position + HEADER + size
        if <unsigned char> data[position + 1] != 3 or size > MAX_RECORD or not FIRST_TYPE <= kind <= LAST_TYPE:
            event = Event(_GARBAGE)
            break
        if stop > end:
            break
        if filled + size > SCRATCH:
            parts.append(copied(out, 0, filled))
            plain += filled
            filled = 0
        if inner and kind != APPLICATION_DATA:
            event = Event(_CONTENT, kind, cut(data, position + HEADER, stop), position, stop)
            position = stop
            break
        try:
            if is_aead:
                body = position + HEADER
                if is_explicit:
                    body += EXPLICIT
                written = stop - body - tag
                if written < 0:
                    raise InvalidTag
                if is_explicit:
                    for place in range(EXPLICIT):
                        nonce[SALT + place] = data[position + HEADER + place]
                else:
                    counter = number
                    for place in range(NONCE - 1, NONCE - 1 - EXPLICIT, -1):
                        nonce[place] = <unsigned char> fixed[place] ^ <unsigned char> (counter & 0xFF)
                        counter >>= 8
                if inner:
                    decrypt(nonce, view[body:stop], cut(data, position, body), target[filled : filled + written])
                else:
                    counter = number
                    for place in range(EXPLICIT - 1, -1, -1):
                        additional[place] = counter & 0xFF
                        counter >>= 8
                    for place in range(3):
                        additional[EXPLICIT + place] = data[position + place]
                    additional[11] = written >> 8
                    additional[12] = written & 0xFF
                    decrypt(nonce, view[body:stop], additional, target[filled : filled + written])
            else:
                written = open_record(number, data, view, position, stop, target, filled)
        except InvalidTag:
            event = Event(_SEALED, kind, b"", position, stop)
            position = stop
            break
        number += 1
        if inner:
            # The content, its type, and zeros as many as the sender liked (RFC 8446 section 5.4).
            while written > 0 and not out[filled + written - 1]:
                written -= 1
            kind = 0
            if written > 0:
                written -= 1
                kind = out[filled + written]
        if kind != APPLICATION_DATA:
            event = Event(_CONTENT, kind, copied(out, filled, filled + written), position, stop)
            position = stop
            break
        if written:
            marks.extend((plain + filled, base + position))
            filled += written
        position = stop
    if filled:
        parts.append(copied(out, 0, filled))
    _spare.append(out)
    return position, number, plain + filled, event
