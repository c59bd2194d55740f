"""Bytes cut out of bytes and looked through: the only pointers of the compiled modules, each behind a check of its ends."""

from cpython.array cimport array, extend_buffer
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp, memcpy


cdef inline bytes cut(bytes data, Py_ssize_t start, Py_ssize_t stop):
    """Give `data[start:stop]`; a stretch that is not whole raises IndexError."""
    if not 0 <= start <= stop <= PyBytes_GET_SIZE(data):
        raise IndexError("a stretch that reaches beyond its bytes")
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, stop - start)


cdef inline bytes copied(bytearray data, Py_ssize_t start, Py_ssize_t stop):
    """Give a stretch of a buffer as bytes."""
    if not 0 <= start <= stop <= PyByteArray_GET_SIZE(data):
        raise IndexError("a stretch that reaches beyond its buffer")
    return PyBytes_FromStringAndSize(PyByteArray_AS_STRING(data) + start, stop - start)


cdef inline Py_ssize_t find(bytes data, unsigned char wanted, Py_ssize_t start, Py_ssize_t stop):
    """Give where a byte stands first in `data[start:stop]`, -1 where it does not; the stretch is cut to what is there."""
    cdef const char* begin = PyBytes_AS_STRING(data)
    cdef const char* place
    stop = min(stop, PyBytes_GET_SIZE(data))
    if not 0 <= start < stop:
        return -1
    place = <const char*> memchr(begin + start, wanted, stop - start)
    return place - begin if place != NULL else -1


cdef inline bint stands_at(bytes data, Py_ssize_t start, Py_ssize_t stop, bytes wanted):
    """Whether `data[start:stop]` is exactly what is wanted."""
    if stop - start != PyBytes_GET_SIZE(wanted) or not 0 <= start <= stop <= PyBytes_GET_SIZE(data):
        return False
    return memcmp(PyBytes_AS_STRING(data) + start, PyBytes_AS_STRING(wanted), stop - start) == 0


cdef inline bint is_called(bytes data, Py_ssize_t at, bytes name):
    """Whether a name, given in lower case, stands at a place in any case of its letters."""
    cdef Py_ssize_t place
    cdef unsigned char byte
    if not 0 <= at <= PyBytes_GET_SIZE(data) - PyBytes_GET_SIZE(name):
        return False
    for place in range(PyBytes_GET_SIZE(name)):
        byte = data[at + place]
        if 65 <= byte <= 90:
            byte += 32
        if byte != <unsigned char> name[place]:
            return False
    return True


cdef inline unsigned int number32(bytes data, Py_ssize_t at, bint big) except? 0:
    """Give the number of four bytes at a place; IndexError where they are not all there."""
    if not 0 <= at <= PyBytes_GET_SIZE(data) - 4:
        raise IndexError("a number that reaches beyond its bytes")
    cdef const unsigned char* place = <const unsigned char*> PyBytes_AS_STRING(data) + at
    if big:
        return <unsigned int> place[0] << 24 | <unsigned int> place[1] << 16 | <unsigned int> place[2] << 8 | place[3]
    return <unsigned int> place[3] << 24 | <unsigned int> place[2] << 16 | <unsigned int> place[1] << 8 | place[0]


cdef inline int check(array numbers) except -1:
    """Refuse an array whose items are not of eight bytes with a sign."""
    if numbers.ob_descr.typecode != b"q":
        raise TypeError("an array of type q is expected")
    return 0


cdef inline long long item(array numbers, Py_ssize_t place) except? -1:
    """Give an item of an array that was checked; IndexError where there is none."""
    if not 0 <= place < len(numbers):
        raise IndexError("a place beyond an array's end")
    return numbers.data.as_longlongs[place]


cdef inline int append(array numbers, long long number) except -1:
    """Add an item to an array that the caller made, of type q, and that nobody else has seen."""
    extend_buffer(numbers, <char*> &number, 1)
    return 0


cdef inline bytes joined(bytes data, array starts, array stops, Py_ssize_t first, Py_ssize_t last):
    """Join the stretches `data[starts[i]:stops[i]]` for i from `first` to before `last`."""
    cdef Py_ssize_t place, begin, size, total = 0, filled = 0, there = PyBytes_GET_SIZE(data)
    cdef bytes whole
    check(starts)
    check(stops)
    for place in range(first, last):
        if not 0 <= item(starts, place) <= item(stops, place) <= there:
            raise IndexError("a stretch that reaches beyond its bytes")
        total += item(stops, place) - item(starts, place)
    whole = PyBytes_FromStringAndSize(NULL, total)
    for place in range(first, last):
        begin = item(starts, place)
        size = item(stops, place) - begin
        memcpy(PyBytes_AS_STRING(whole) + filled, PyBytes_AS_STRING(data) + begin, size)
        filled += size
    return whole
