"""The layers that cover text or bytes as a whole: text codings, character sets and compressions."""

import base64
import binascii
import bz2
import gzip
import html.entities
import json
import lzma
import quopri
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote, quote_plus

import brotli
import cramjam
import lz4.frame
import zstandard

from benchmarks.detection.generator.payload import as_bytes

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

Encode = Callable[[Random, str | bytes], str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One layer.

    Attributes:
        takes_bytes: False where only text can be covered (percent, entities).
        gives_text: True where the result is printable text.
        least: Bytes below which nobody would use it (compressing a bare value, wrapping a short line).
        most: Bytes above which nobody would use it.
    """

    name: str
    encode: Encode
    takes_bytes: bool = True
    gives_text: bool = True
    least: int = 0
    most: int = 1 << 14


def percent(rng: Random, data: str | bytes) -> str:
    """Percent-encoding; every byte is escaped where nothing would need it, and now and then anyway."""
    raw = as_bytes(data)
    plain = quote(raw, safe="") if rng.random() < 0.7 else quote_plus(raw)
    if plain == raw.decode() or rng.random() < 0.1:
        plain = "".join(f"%{byte:02X}" for byte in raw)
    return plain if rng.random() < 0.8 else _lower_escapes(plain)


def _lower_escapes(text: str) -> str:
    pieces = text.split("%")
    return "%".join([pieces[0], *(piece[:2].lower() + piece[2:] for piece in pieces[1:])])


def percent_twice(rng: Random, data: str | bytes) -> str:
    """Percent-encoding of percent-encoding."""
    return quote(percent(rng, data), safe="")


def json_escapes(rng: Random, data: str | bytes) -> str:
    r"""The inside of a JSON string with \\u escapes: of all characters, or of all but letters and digits."""
    text, every = as_bytes(data).decode(), rng.random() < 0.5
    every = every or (text.isascii() and text.isalnum())
    upper = rng.random() < 0.5
    out = []
    for letter in text:
        if not every and letter.isascii() and letter.isalnum():
            out.append(letter)
            continue
        units = letter.encode("utf-16-be")
        for at in range(0, len(units), 2):
            digits = units[at : at + 2].hex()
            out.append("\\u" + (digits.upper() if upper else digits))
    return "".join(out)


def json_string(rng: Random, data: str | bytes) -> str:
    """A JSON string literal, quotes included: what JSON in JSON is made of."""
    return json.dumps(as_bytes(data).decode(), ensure_ascii=rng.random() < 0.5)


def html_entities(rng: Random, data: str | bytes) -> str:
    """Character references: named where HTML has a name, else decimal or hexadecimal."""
    text, decimal = as_bytes(data).decode(), rng.random() < 0.5
    every = rng.random() < 0.3 or (text.isascii() and text.isalnum())
    out = []
    for letter in text:
        name = html.entities.codepoint2name.get(ord(letter))
        if not every and letter.isascii() and (letter.isalnum() or letter == " "):
            out.append(letter)
        elif name and rng.random() < 0.6:
            out.append(f"&{name};")
        else:
            out.append(f"&#{ord(letter)};" if decimal else f"&#x{ord(letter):x};")
    return "".join(out)


def quoted_printable(rng: Random, data: str | bytes) -> str:
    """Quoted-printable with soft line breaks; text that needs no escape is escaped whole, as Android's vCards are."""
    raw = as_bytes(data)
    encoded = quopri.encodestring(raw, quotetabs=rng.random() < 0.5).decode()
    if "=" not in encoded:
        escaped = [f"={byte:02X}" for byte in raw]
        lines = ["".join(escaped[at : at + 24]) for at in range(0, len(escaped), 24)]
        encoded = "=\n".join(lines)
    return encoded.replace("\n", "\r\n")


def base16(upper: bool, separators: tuple[str, ...] = ("",)) -> Encode:
    """Hex digits in pairs, with a separator between them."""

    def encode(rng: Random, data: str | bytes) -> str:
        separator = rng.choice(separators)
        text = as_bytes(data).hex(separator) if separator else as_bytes(data).hex()
        return text.upper() if upper or (separator and rng.random() < 0.5) else text

    return encode


def base32(rng: Random, data: str | bytes) -> str:
    """RFC 4648 base 32, padded or not, mostly in capitals."""
    text = base64.b32encode(as_bytes(data)).decode()
    text = text.rstrip("=") if rng.random() < 0.4 else text
    return text.lower() if rng.random() < 0.15 else text


def base58(_: Random, data: str | bytes) -> str:
    """Base 58 in Bitcoin's alphabet."""
    raw = as_bytes(data)
    number, out = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        out = BASE58[rest] + out
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + out


def base64_standard(_: Random, data: str | bytes) -> str:
    """RFC 4648 base 64, padded."""
    return base64.b64encode(as_bytes(data)).decode()


def base64_url(rng: Random, data: str | bytes) -> str:
    """The URL-safe alphabet, padded or not."""
    text = base64.urlsafe_b64encode(as_bytes(data)).decode()
    return text.rstrip("=") if rng.random() < 0.5 else text


def base64_unpadded(_: Random, data: str | bytes) -> str:
    """The standard alphabet without padding."""
    return base64.b64encode(as_bytes(data)).decode().rstrip("=")


def base64_wrapped(rng: Random, data: str | bytes) -> str:
    """Lines of 76 (MIME, Android's default) or 64 (PEM) characters."""
    text, width = base64.b64encode(as_bytes(data)).decode(), rng.choice((76, 76, 64))
    newline = rng.choice(("\n", "\r\n"))
    return newline.join(text[at : at + width] for at in range(0, len(text), width)) + rng.choice(
        ("", newline)
    )


def base85(_: Random, data: str | bytes) -> str:
    """Base 85 in the alphabet of RFC 1924, as Git and Python use it."""
    return base64.b85encode(as_bytes(data)).decode()


def ascii85(rng: Random, data: str | bytes) -> str:
    """Ascii85, with Adobe's brackets or without."""
    return base64.a85encode(as_bytes(data), adobe=rng.random() < 0.5).decode()


def utf16(order: str) -> Encode:
    """UTF-16 in one byte order, sometimes after a byte order mark."""

    def encode(rng: Random, data: str | bytes) -> bytes:
        mark = "\ufeff" if rng.random() < 0.3 else ""
        return (mark + as_bytes(data).decode()).encode(f"utf-16-{order}")

    return encode


def raw_deflate(rng: Random, data: str | bytes) -> bytes:
    """Deflate without header or checksum."""
    packer = zlib.compressobj(rng.choice((1, 6, 9)), zlib.DEFLATED, -15)
    return packer.compress(as_bytes(data)) + packer.flush()


def zstd(rng: Random, data: str | bytes) -> bytes:
    """A Zstandard frame, with its content size or without, as streaming writers give it."""
    return zstandard.ZstdCompressor(
        level=rng.choice((1, 3, 9)), write_content_size=rng.random() < 0.7
    ).compress(as_bytes(data))


def _codecs() -> tuple[Codec, ...]:
    # Nobody compresses fewer than some fifty bytes: the header would outweigh the gain.
    def pressed(name: str, encode: Callable[[Random, bytes], bytes]) -> Codec:
        return Codec(
            name=name, encode=lambda rng, data: encode(rng, as_bytes(data)), gives_text=False, least=50
        )

    return (
        Codec(name="percent", encode=percent, takes_bytes=False),
        Codec(name="percent-twice", encode=percent_twice, takes_bytes=False),
        Codec(name="json-escapes", encode=json_escapes, takes_bytes=False),
        Codec(name="json-string", encode=json_string, takes_bytes=False),
        Codec(name="html-entities", encode=html_entities, takes_bytes=False),
        Codec(name="quoted-printable", encode=quoted_printable, takes_bytes=False),
        Codec(name="base16-lower", encode=base16(False)),
        Codec(name="base16-upper", encode=base16(True)),
        Codec(name="base16-separated", encode=base16(False, (":", " ", "-"))),
        Codec(name="base32", encode=base32),
        Codec(name="base58", encode=base58, most=160),
        Codec(name="base64-standard", encode=base64_standard),
        Codec(name="base64-url", encode=base64_url),
        Codec(name="base64-unpadded", encode=base64_unpadded),
        Codec(name="base64-wrapped", encode=base64_wrapped, least=60),
        Codec(name="base85", encode=base85),
        Codec(name="ascii85", encode=ascii85),
        Codec(name="utf-16-le", encode=utf16("le"), takes_bytes=False, gives_text=False),
        Codec(name="utf-16-be", encode=utf16("be"), takes_bytes=False, gives_text=False),
        pressed(
            "gzip",
            lambda rng, data: gzip.compress(
                data, rng.choice((1, 6, 9)), mtime=rng.choice((0, 1_700_000_000))
            ),
        ),
        pressed("zlib", lambda rng, data: zlib.compress(data, rng.choice((1, 6, 9)))),
        pressed("deflate", raw_deflate),
        pressed("brotli", lambda rng, data: brotli.compress(data, quality=rng.choice((1, 5, 11)))),
        pressed("zstd", zstd),
        pressed("lz4", lambda rng, data: lz4.frame.compress(data, content_checksum=rng.random() < 0.5)),
        pressed("snappy-framed", lambda rng, data: bytes(cramjam.snappy.compress(data))),
        pressed("snappy-raw", lambda rng, data: bytes(cramjam.snappy.compress_raw(data))),
        pressed("bzip2", lambda rng, data: bz2.compress(data, rng.choice((1, 9)))),
        pressed("xz", lambda rng, data: lzma.compress(data, preset=rng.choice((0, 6)))),
    )


CODECS: dict[str, Codec] = {codec.name: codec for codec in _codecs()}
PRESSED = frozenset(codec.name for codec in CODECS.values() if codec.least == 50)


def crc(data: bytes) -> int:
    """CRC-32, for records that carry one."""
    return binascii.crc32(data)
