"""Whether what was peeled out of a request spells a value in the form that its truth names."""

import base64
import hashlib
import re
import struct
from collections.abc import Iterator, Sequence

from benchmarks.detection.generator import phones
from benchmarks.detection.generator.forms import EMAILS, MACS, PHONES, TEXTS, UUIDS
from benchmarks.detection.generator.identities import Value
from benchmarks.detection.reverse import Leaf, raw

ALGORITHMS = (
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3_256",
    "sha3_512",
    "sm3",
    "ripemd160",
)


def spells(value: Value, form: str, leaves: Sequence[Leaf]) -> bool:
    """Whether one of the leaves (or two, of a location) is the value in the form."""
    if form.startswith("location/"):
        return _is_place(value, form, leaves)
    if form.startswith("number/"):
        return any(_is_number(value, form, leaf) for leaf in leaves)
    name, _, shape = form.partition("/")
    if name in (*ALGORITHMS, "blake2b", "blake2b-256", "blake2s") or "(" in name:
        return any(_is_digest(value, name, shape, leaf) for leaf in leaves)
    return any(_is_written(value, form, leaf) for leaf in leaves)


def _is_written(value: Value, form: str, leaf: Leaf) -> bool:
    data = raw(leaf)
    plain, own = data.decode(errors="replace"), value.text
    if form.endswith("/raw"):
        return bytes.fromhex(re.sub("[:-]", "", own)) in data
    if form.endswith("/int"):
        number = int(re.sub("[:-]", "", own), 16)
        return leaf in (number, number - (1 << 64)) or plain in (str(number), str(number - (1 << 64)))
    if value.type == "imei":
        return own[:14] in re.sub("[ -]", "", plain)
    if value.type in PHONES:
        return phones.national(own) in re.sub("[ -]", "", plain)
    if value.type in (*MACS, *UUIDS):
        return re.sub("[:-]", "", own).lower() in re.sub("[:-]", "", plain).lower()
    if value.type in EMAILS:
        return (own.partition("@")[0] if form == "email/local-part" else own).lower() in plain.lower()
    if form == "text/part" and value.type in TEXTS:
        return plain in own and len(plain) * 2 >= len(own)
    return own.lower() in plain.lower()


def _hashed_texts(value: Value) -> Iterator[str]:
    own = value.text
    yield from (own, own.lower(), own.upper(), own.removeprefix("+"))


def _digest(name: str, data: bytes) -> bytes:
    if name.startswith("blake2b"):
        return hashlib.blake2b(data, digest_size=32 if name.endswith("256") else 64).digest()
    return hashlib.new(name, data).digest()


def _digests(value: Value, name: str) -> Iterator[bytes]:
    outer, _, inner = name.rstrip(")").partition("(")
    for own in _hashed_texts(value):
        if inner:
            hexed = _digest(inner, own.encode()).hex()
            yield from (_digest(outer, spelt.encode()) for spelt in (hexed, hexed.upper()))
        else:
            yield _digest(outer, own.encode())


def _is_digest(value: Value, name: str, shape: str, leaf: Leaf) -> bool:
    data = raw(leaf)
    for digest in _digests(value, name):
        if shape == "first-bytes":
            least = digest[:8]
            known = [least, least.hex().encode(), least.hex().upper().encode()]
            if any(data.startswith(start) for start in known):
                return True
            continue
        part = digest[4:12] if shape == "md5-middle" else digest
        shown = base64.b64encode(part).rstrip(b"=")
        urls = shown.replace(b"+", b"-").replace(b"/", b"_")
        if shape == "base64-16":
            shown, urls = shown[:16], urls[:16]
        if any(
            spelt in data for spelt in (part, part.hex().encode(), part.hex().upper().encode(), shown, urls)
        ):
            return True
    return False


def _is_number(value: Value, form: str, leaf: Leaf) -> bool:
    digits, data = value.text.removeprefix("+"), raw(leaf)
    if form in ("number/varint", "number/native"):
        return leaf == int(digits)
    if form == "number/bcd":
        return digits in data.hex()
    if form == "number/tbcd":
        swapped = "".join(data.hex()[at + 1] + data.hex()[at] for at in range(0, len(data.hex()), 2))
        return digits in swapped
    order = ">q" if form == "number/int64-be" else "<q"
    return struct.pack(order, int(digits)) in data


def _is_place(value: Value, form: str, leaves: Sequence[Leaf]) -> bool:
    degrees = [float(degree) for degree in value.text.split(",")]
    shape = form.partition("/")[2]
    if shape in ("e6", "e7"):
        scaled = [round(degree * 10 ** int(shape[1])) for degree in degrees]
        return all(any(raw(leaf) == str(number).encode() for leaf in leaves) for number in scaled)
    if shape[:5] in ("doubl", "float"):
        code = (">" if shape.endswith("be") else "<") + ("d" if shape.startswith("double") else "f")
        packed = [struct.pack(code, degree) for degree in degrees]
        held = [struct.pack(code, leaf) if isinstance(leaf, float) else raw(leaf) for leaf in leaves]
        return all(any(part in data for data in held) for part in packed)
    joined = " ".join(raw(leaf).decode(errors="replace") for leaf in leaves)
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", joined)]
    return all(any(abs(number - degree) <= 6e-5 for number in numbers) for degree in degrees)
