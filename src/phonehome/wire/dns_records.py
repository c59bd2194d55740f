"""Names and record data of DNS messages, as the text that people write in zone files.

RFC 1035 (names, 3.1 and 4.1.4; the first record types), RFC 3596 (AAAA), RFC 2782 (SRV), RFC 3597 (types that
nobody here knows), RFC 9460 (SVCB, HTTPS). A name's labels are UTF-8 where they can be, because multicast DNS
puts what people call their phones there (RFC 6763, 4.1.3); other bytes become lone surrogates, so that nothing is lost.
"""

import base64
import ipaddress
import re
import struct
from collections.abc import Callable

from phonehome.model.errors import DecodeError

# https://www.iana.org/assignments/dns-parameters; others are written TYPE123 (RFC 3597, 5).
TYPE_NAMES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 17: "RP"}
TYPE_NAMES |= {28: "AAAA", 29: "LOC", 33: "SRV", 35: "NAPTR", 39: "DNAME", 41: "OPT", 43: "DS", 46: "RRSIG"}
TYPE_NAMES |= {47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS", 99: "SPF"}
TYPE_NAMES |= {249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY", 256: "URI", 257: "CAA"}

MAX_NAME_BYTES = 255
"""RFC 1035, 2.3.4."""
MAX_LABEL_STEPS = 16_384
"""Labels and pointers followed in one message: a pointer makes two bytes stand for 127 labels."""

_POINTER = 0xC0
_SPECIAL = re.compile(r"[.\\\"\x00-\x1f\x7f]")
_QUOTED = re.compile(r"[\\\"\x00-\x1f\x7f]")
# RFC 9460, 14.3.2, and RFC 9461 (dohpath).
_SERVICE_KEYS = {0: "mandatory", 1: "alpn", 2: "no-default-alpn", 3: "port", 4: "ipv4hint", 5: "ech"}
_SERVICE_KEYS |= {6: "ipv6hint", 7: "dohpath", 8: "ohttp"}


def name_type(number: int) -> str:
    """Give a record type's name."""
    return TYPE_NAMES.get(number) or f"TYPE{number}"


class NameReader:
    """Reads the names of one message, in bounded work for the whole of it."""

    __slots__ = ("_steps", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._steps = MAX_LABEL_STEPS

    def read(self, at: int, end: int | None = None) -> tuple[str, int]:
        """Read the name at `at`; gives its text and where it ends there.

        Raises:
            DecodeError: The name leaves the message (or passes `end`), is too long, or its pointers do not
                lead backward (RFC 1035, 4.1.4: to a prior occurrence), as those of a loop cannot.
        """
        data, steps = self.data, self._steps
        limit = len(data) if end is None else end
        behind, earliest, size, labels = -1, at, 1, []
        while True:
            steps -= 1
            if steps < 0:
                raise DecodeError(f"names of a DNS message with over {MAX_LABEL_STEPS} labels")
            if at >= limit:
                raise DecodeError("a DNS name ends outside its message")
            length = data[at]
            if not length:
                break
            if length >= _POINTER:
                if at + 2 > limit:
                    raise DecodeError("a DNS name ends outside its message")
                if behind < 0:
                    behind, limit = at + 2, len(data)
                at = (length & 0x3F) << 8 | data[at + 1]
                if at >= earliest:
                    raise DecodeError("a DNS name's pointer does not lead backward")
                earliest = at
                continue
            size += length + 1
            if length > 63 or size > MAX_NAME_BYTES:
                raise DecodeError("a DNS name that is too long or has an unknown kind of label")
            if at + 1 + length > limit:
                raise DecodeError("a DNS name ends outside its message")
            labels.append(data[at + 1 : at + 1 + length])
            at += 1 + length
        self._steps = steps
        return _show_name(labels), at + 1 if behind < 0 else behind


def _show_name(labels: list[bytes]) -> str:
    if not labels:
        return "."
    text = b".".join(labels).decode("utf-8", "surrogateescape")
    if text.count(".") == len(labels) - 1 and not _QUOTED.search(text):
        return text
    return ".".join(_escape(label, _SPECIAL) for label in labels)


def _escape(data: bytes, special: re.Pattern[str]) -> str:
    """Put a backslash before what has a meaning, and before the decimal code of a control character (RFC 1035, 5.1)."""

    def replace(found: re.Match[str]) -> str:
        one = found[0]
        return f"\\{one}" if one.isprintable() else f"\\{ord(one):03}"

    return special.sub(replace, data.decode("utf-8", "surrogateescape"))


def show_record(names: NameReader, kind: int, start: int, end: int) -> str:
    """Write the record data in `names.data[start:end]`; as RFC 3597 has it if it is malformed or of an unknown type."""
    data = names.data[start:end]
    show = _SHOW.get(kind)
    if show is not None:
        try:
            return show(names, start, end)
        except (DecodeError, struct.error, ValueError):
            pass  # the record's borders hold all the same: only its inside is wrong
    return f"\\# {len(data)} {data.hex()}".rstrip()


def _show_address(names: NameReader, start: int, end: int) -> str:
    return str(ipaddress.ip_address(names.data[start:end]))


def _show_one_name(names: NameReader, start: int, end: int) -> str:
    text, behind = names.read(start, end)
    if behind != end:
        raise DecodeError("bytes behind the name of a DNS record")
    return text


def _show_numbers_and_name(form: str) -> Callable[[NameReader, int, int], str]:
    layout = struct.Struct(form)

    def show(names: NameReader, start: int, end: int) -> str:
        numbers = layout.unpack(names.data[start : min(start + layout.size, end)])
        return " ".join(map(str, (*numbers, _show_one_name(names, start + layout.size, end))))

    return show


def _show_authority(names: NameReader, start: int, end: int) -> str:
    server, at = names.read(start, end)
    mailbox, at = names.read(at, end)
    return " ".join(map(str, (server, mailbox, *struct.unpack(">5I", names.data[at:end]))))


def _show_two_names(names: NameReader, start: int, end: int) -> str:
    first, at = names.read(start, end)
    return f"{first} {_show_one_name(names, at, end)}"


def _show_texts(names: NameReader, start: int, end: int) -> str:
    return " ".join(f'"{_escape(text, _QUOTED)}"' for text in read_texts(names.data[start:end]))


def read_texts(data: bytes) -> list[bytes]:
    """Read character strings, each with a byte of length before it (RFC 1035, 3.3).

    Raises:
        DecodeError: The last one is cut.
    """
    texts, at = [], 0
    while at < len(data):
        behind = at + 1 + data[at]
        if behind > len(data):
            raise DecodeError("a DNS character string ends outside its record")
        texts.append(data[at + 1 : behind])
        at = behind
    return texts


def _show_authorisation(names: NameReader, start: int, end: int) -> str:
    """CAA (RFC 8659, 4.1)."""
    flags, length = struct.unpack(">BB", names.data[start : min(start + 2, end)])
    tag, value = names.data[start + 2 : start + 2 + length], names.data[start + 2 + length : end]
    return f'{flags} {tag.decode("ascii")} "{_escape(value, _QUOTED)}"'


def _show_naptr(names: NameReader, start: int, end: int) -> str:
    """NAPTR (RFC 3403, 4.1)."""
    order, preference = struct.unpack(">HH", names.data[start : min(start + 4, end)])
    at, texts = start + 4, []
    for _ in range(3):
        behind = at + 1 + names.data[at] if at < end else end + 1
        if behind > end:
            raise DecodeError("a DNS character string ends outside its record")
        texts.append(f'"{_escape(names.data[at + 1 : behind], _QUOTED)}"')
        at = behind
    return f"{order} {preference} {' '.join(texts)} {_show_one_name(names, at, end)}"


def _show_service(names: NameReader, start: int, end: int) -> str:
    """SVCB and HTTPS (RFC 9460, 2.1 and 2.2)."""
    (priority,) = struct.unpack(">H", names.data[start : min(start + 2, end)])
    target, at = names.read(start + 2, end)
    return " ".join((str(priority), target, *_show_options(names.data[at:end], _show_parameter)))


def _show_options(data: bytes, show: Callable[[int, bytes], str]) -> list[str]:
    texts, at = [], 0
    while at < len(data):
        key, length = struct.unpack(">HH", data[at : at + 4])
        at += 4 + length
        if at > len(data):
            raise DecodeError("an option of a DNS record ends outside it")
        texts.append(show(key, data[at - length : at]))
    return texts


def _show_parameter(key: int, value: bytes) -> str:
    name = _SERVICE_KEYS.get(key, f"key{key}")
    match name:
        case "no-default-alpn" | "ohttp":
            return name
        case "alpn":
            return f"{name}={','.join(_escape(one, _QUOTED) for one in read_texts(value))}"
        case "port" if len(value) == 2:
            return f"{name}={int.from_bytes(value)}"
        case "ech":
            return f"{name}={base64.b64encode(value).decode()}"
        case "ipv4hint" | "ipv6hint":
            size = 4 if name == "ipv4hint" else 16
            hints = [str(ipaddress.ip_address(value[at : at + size])) for at in range(0, len(value), size)]
            return f"{name}={','.join(hints)}"
        case "mandatory":
            keys = struct.unpack(f">{len(value) // 2}H", value)
            return f"{name}={','.join(_SERVICE_KEYS.get(one, f'key{one}') for one in keys)}"
        case _:
            return f'{name}="{_escape(value, _QUOTED)}"'


_CLIENT_SUBNET = 8


def _show_extensions(names: NameReader, start: int, end: int) -> str:
    """OPT (RFC 6891, 6.1.2); a resolver may pass on part of the handset's own address (RFC 7871)."""
    return " ".join(_show_options(names.data[start:end], _show_extension))


def _show_extension(key: int, value: bytes) -> str:
    if key == _CLIENT_SUBNET and len(value) >= 4:
        family, source, _scope = struct.unpack(">HBB", value[:4])
        size = {1: 4, 2: 16}.get(family, 0)
        if len(value) - 4 <= size:
            return f"client-subnet={ipaddress.ip_address(value[4:].ljust(size, bytes(1)))}/{source}"
    return f"option{key}={value.hex()}"


_SHOW: dict[int, Callable[[NameReader, int, int], str]] = {
    1: _show_address,
    2: _show_one_name,
    5: _show_one_name,
    6: _show_authority,
    12: _show_one_name,
    13: _show_texts,
    15: _show_numbers_and_name(">H"),
    16: _show_texts,
    17: _show_two_names,
    28: _show_address,
    33: _show_numbers_and_name(">HHH"),
    35: _show_naptr,
    39: _show_one_name,
    41: _show_extensions,
    64: _show_service,
    65: _show_service,
    99: _show_texts,
    257: _show_authorisation,
}
