"""The fields of HPACK (RFC 7541) that are nearly all, compiled; whatever else there is stays with `wire.hpack`."""

from phonehome.wire.native.octets cimport copied, cut


cdef enum:
    EMITS = 0x100
    FAILS = 0x200
    NEXT = 16
    MAX_CODED = 4096
    SYMBOLS = 257
    MAX_SHIFT = 28


cdef class FieldReader:
    """Reads fields, and the Huffman code of their strings.

    Args:
        lengths: Bits of each symbol's code, of all 256 bytes and the end of a string.
        static: The static table; index 0 stands there for nothing.
    """

    cdef int[::1] _steps  # by node and four bits: the node behind, and the symbol passed, if one was
    cdef unsigned char[::1] _ends  # by node: whether a string may end there
    cdef bytearray _out
    cdef tuple _static
    cdef Py_ssize_t _known

    def __cinit__(self, bytes lengths not None, tuple static not None):
        from array import array

        self._static = static
        self._known = len(static)
        self._out = bytearray(2 * MAX_CODED)
        nodes = _grow(lengths)
        self._steps = array("i", [0]) * (16 * len(nodes))
        self._ends = bytearray(len(nodes))
        for node in range(len(nodes)):
            for bits in range(16):
                self._steps[16 * node + bits] = _walk(nodes, node, bits)
        node = 0
        for _ in range(8):  # the padding: up to seven ones
            self._ends[node] = 1
            node = nodes[node][1]

    def read(self, bytes block not None, Py_ssize_t position, list headers not None, list entries not None):
        """Read fields, from `position` on.

        Args:
            block: A header block.
            position: Where a field begins.
            headers: Takes the fields.
            entries: The dynamic table, the newest last; takes what is added to it.

        Returns:
            Where the first field begins that is not ordinary, or the block's end.
        """
        cdef Py_ssize_t end = len(block), size, index, start
        cdef int byte, full
        cdef bytes name, value
        cdef tuple header
        while position < end:
            start = position
            byte = <unsigned char> block[position]
            position += 1
            if byte >= 0x80:
                index = byte & 0x7F
                if index == 0x7F and not _read_integer(block, &position, &index):
                    return start
                header = self._entry(index, entries)
                if header is None:
                    return start
                headers.append(header)
                continue
            if byte >= 0x40:
                full = 0x3F
            elif byte >= 0x20:
                return start
            else:
                full = 0x0F
            index = byte & full
            if index == full and not _read_integer(block, &position, &index):
                return start
            if index:
                header = self._entry(index, entries)
                if header is None:
                    return start
                name = <bytes?> header[0]
            else:
                name = self._read_string(block, &position)
                if name is None:
                    return start
            value = self._read_string(block, &position)
            if value is None:
                return start
            header = (name, value)
            headers.append(header)
            if full == 0x3F:
                entries.append(header)
        return position

    def decode(self, bytes coded not None):
        """Decode a string; None where it is malformed, or longer than most."""
        return self._decode(coded, 0, len(coded))

    cdef tuple _entry(self, Py_ssize_t index, list entries):
        cdef Py_ssize_t place
        if index < self._known:
            return <tuple?> self._static[index] if index else None
        place = len(entries) - 1 - (index - self._known)
        return <tuple?> entries[place] if place >= 0 else None

    cdef bytes _read_string(self, bytes block, Py_ssize_t* position):
        cdef Py_ssize_t start = position[0], size
        cdef int byte
        if start >= len(block):
            return None
        byte = <unsigned char> block[start]
        start += 1
        size = byte & 0x7F
        if size == 0x7F and not _read_integer(block, &start, &size):
            return None
        if size > len(block) - start:
            return None
        position[0] = start + size
        if byte & 0x80:
            return self._decode(block, start, start + size)
        return cut(block, start, start + size)

    cdef bytes _decode(self, bytes coded, Py_ssize_t start, Py_ssize_t stop):
        cdef Py_ssize_t place, filled = 0
        cdef int node = 0, step, byte
        if stop - start > MAX_CODED:
            return None
        for place in range(start, stop):
            byte = <unsigned char> coded[place]
            step = self._steps[16 * node + (byte >> 4)]
            if step & EMITS:
                self._out[filled] = step & 0xFF
                filled += 1
            elif step & FAILS:
                return None
            node = step >> NEXT
            step = self._steps[16 * node + (byte & 15)]
            if step & EMITS:
                self._out[filled] = step & 0xFF
                filled += 1
            elif step & FAILS:
                return None
            node = step >> NEXT
        return copied(self._out, 0, filled) if self._ends[node] else None


cdef bint _read_integer(bytes block, Py_ssize_t* position, Py_ssize_t* value):
    """Read the rest of an integer whose prefix is full (section 5.1); false where it ends early or is too long."""
    cdef Py_ssize_t place = position[0], total = value[0]
    cdef int byte, shift = 0
    while shift <= MAX_SHIFT and place < len(block):
        byte = <unsigned char> block[place]
        place += 1
        total += <Py_ssize_t> (byte & 0x7F) << shift
        if byte < 0x80:
            position[0] = place
            value[0] = total
            return True
        shift += 7
    return False


def _grow(lengths):
    """Make the tree of a canonical code: for each inner node what follows a 0 and a 1, a symbol as -1 - symbol."""
    nodes = [[0, 0]]
    code = bits = 0
    for symbol in sorted(range(SYMBOLS), key=lambda one: (lengths[one], one)):
        code <<= lengths[symbol] - bits
        bits = lengths[symbol]
        node = 0
        for place in range(bits - 1, 0, -1):
            bit = code >> place & 1
            if not nodes[node][bit]:
                nodes.append([0, 0])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][code & 1] = -1 - symbol
        code += 1
    return nodes


def _walk(nodes, node, bits):
    """Where four bits lead from a node; no code has fewer than five, so one symbol at most is passed."""
    emitted = 0
    for place in range(3, -1, -1):
        node = nodes[node][bits >> place & 1]
        if node == -SYMBOLS:
            return FAILS
        if node < 0:
            emitted = EMITS | -1 - node
            node = 0
    return node << NEXT | emitted
