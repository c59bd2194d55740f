"""Peeling: one encoding a file, from bytes to bytes; the tuples list them in the order of trial."""

from phonehome.decoders.ascii85 import Ascii85
from phonehome.decoders.base import Compression, Container, TextCoding
from phonehome.decoders.base16 import Base16, Base16Separated
from phonehome.decoders.base32 import Base32, Base32Hex
from phonehome.decoders.base58 import Base58
from phonehome.decoders.base64 import Base64, Base64Url
from phonehome.decoders.base85 import Z85, Base85
from phonehome.decoders.bplist import BinaryPlist
from phonehome.decoders.brotli import Brotli
from phonehome.decoders.bzip2 import Bzip2
from phonehome.decoders.cbor import Cbor
from phonehome.decoders.cookies import Cookies
from phonehome.decoders.deflate import Deflate
from phonehome.decoders.form import Form
from phonehome.decoders.grpc import Grpc
from phonehome.decoders.gzip import Gzip
from phonehome.decoders.html_entities import HtmlEntities
from phonehome.decoders.json_escape import JsonEscape
from phonehome.decoders.json_text import Json
from phonehome.decoders.jwt import Jwt
from phonehome.decoders.lz4 import Lz4, Lz4Block
from phonehome.decoders.msgpack import MessagePack
from phonehome.decoders.multipart import Multipart
from phonehome.decoders.ndjson import Ndjson
from phonehome.decoders.percent import Percent
from phonehome.decoders.protobuf import Protobuf
from phonehome.decoders.query import Query
from phonehome.decoders.quoted_printable import QuotedPrintable
from phonehome.decoders.snappy import Snappy, SnappyBlock
from phonehome.decoders.tar import Tar
from phonehome.decoders.utf16 import Utf16BeRun, Utf16BeWhole, Utf16LeRun, Utf16LeWhole
from phonehome.decoders.xml import Xml
from phonehome.decoders.xz import Lzma, Xz
from phonehome.decoders.zip_archive import Zip
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
    Base32(),
    Base32Hex(),
    Base58(),
    Base85(),
    Z85(),
    Ascii85(),
    Percent(),
    HtmlEntities(),
    QuotedPrintable(),
    JsonEscape(),
    Utf16LeRun(),
    Utf16BeRun(),
    Utf16LeWhole(),
    Utf16BeWhole(),
)

CONTAINERS: tuple[Container, ...] = (
    Json(),
    Ndjson(),
    Xml(),
    Multipart(),
    Jwt(),
    Form(),
    Query(),
    Cookies(),
    BinaryPlist(),
    Grpc(),
    MessagePack(),
    Cbor(),
    Protobuf(),
    Zip(),
    Tar(),
)
