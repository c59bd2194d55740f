"""The way back from a stretch of a stream to packets, compiled."""

from cpython.array cimport array

from phonehome.wire.native.octets cimport check, item


cdef Py_ssize_t _last_at(array begins, long long offset, Py_ssize_t first) except -2:
    """The last place from `first` on whose beginning is not behind an offset; at least `first`, which must be there."""
    cdef Py_ssize_t low = first + 1, high = len(begins), middle
    while low < high:
        middle = (low + high) // 2
        if offset < item(begins, middle):
            high = middle
        else:
            low = middle + 1
    return low - 1


cdef Py_ssize_t _first_from(array begins, long long offset, Py_ssize_t first) except -2:
    """The first place from `first` on whose beginning is not before an offset."""
    cdef Py_ssize_t low = first, high = len(begins), middle
    while low < high:
        middle = (low + high) // 2
        if item(begins, middle) < offset:
            low = middle + 1
        else:
            high = middle
    return low


def numbers_in(array offsets not None, array numbers not None, long long start, long long end):
    """Give the numbers of a stretch; see `wire.places.numbers_in`, which does the same."""
    cdef Py_ssize_t first, after, place
    check(offsets)
    check(numbers)
    if not len(offsets):
        return ()
    first = _last_at(offsets, start, 0)
    after = _first_from(offsets, end, first + 1)
    return tuple([item(numbers, place) for place in range(first, after)])


def stretch_of(array plain not None, array records not None, long long start, long long end):
    """Give the stretch that records came in; see `wire.places.stretch_of`, which does the same."""
    cdef Py_ssize_t first, after, last = len(records) - 1
    cdef long long begin, stop
    check(plain)
    check(records)
    first = _last_at(plain, start, 0)
    after = _first_from(plain, end, first)
    begin = item(records, first)
    stop = item(records, after) if after <= last else item(records, last) + 1
    return begin, stop if stop > begin else begin + 1


def value_at(array begins not None, array values not None, long long offset):
    """Give what belongs to an offset; see `wire.places.value_at`, which does the same."""
    check(begins)
    check(values)
    return item(values, _last_at(begins, offset, 0)) if len(begins) else 0
