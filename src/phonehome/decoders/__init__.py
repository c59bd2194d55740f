"""Peeling: one encoding a file, from bytes to bytes; the tuples list them in the order of trial."""

from phonehome.decoders.base import Compression, Container, TextCoding
from phonehome.decoders.base16 import Base16, Base16Separated
from phonehome.decoders.base64 import Base64, Base64Url
from phonehome.decoders.brotli import Brotli
from phonehome.decoders.bzip2 import Bzip2
from phonehome.decoders.cookies import Cookies
from phonehome.decoders.deflate import Deflate
from phonehome.decoders.form import Form
from phonehome.decoders.gzip import Gzip
from phonehome.decoders.json_text import Json
from phonehome.decoders.lz4 import Lz4, Lz4Block
from phonehome.decoders.ndjson import Ndjson
from phonehome.decoders.percent import Percent
from phonehome.decoders.query import Query
from phonehome.decoders.snappy import Snappy, SnappyBlock
from phonehome.decoders.xz import Lzma, Xz
from phonehome.decoders.zlib_stream import Zlib
from phonehome.decoders.zstd import Zstd

COMPRESSIONS: tuple[Compression, ...] = (
    Gzip(),
    Zlib(),
    Zstd(),
    Bzip2(),
    Xz(),
    Lzma(),
    Lz4(),
    Snappy(),
    Deflate(),
    Brotli(),
    Lz4Block(),
    SnappyBlock(),
)

TEXT_CODINGS: tuple[TextCoding, ...] = (
    Base64(),
    Base64Url(),
    Base16(),
    Base16Separated(),
    Percent(),
)

CONTAINERS: tuple[Container, ...] = (
    Json(),
    Ndjson(),
    Form(),
    Query(),
    Cookies(),
)
