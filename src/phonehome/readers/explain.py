"""What a file that no reader knows looks like, in words that help."""

import re

_MAGIC = (
    (b"BZh", "looks like bzip2: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "looks like a 7z archive: unpack it first"),
    (b"Rar!\x1a\x07", "looks like a rar archive: unpack it first"),
    (b"SQLite format 3\x00", "looks like an SQLite database"),
    (b"%PDF-", "looks like a PDF"),
    (b"\x89PNG", "looks like a PNG image"),
    (b"\xff\xd8\xff", "looks like a JPEG image"),
    (b"\x7fELF", "looks like a program"),
)
_TAR_MAGIC = b"ustar"
_TAR_OFFSET = 257
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<head|<body)", re.IGNORECASE)
_XML = re.compile(rb"\s*<(?:\?xml|[A-Za-z])")
_BOM = b"\xef\xbb\xbf"
_MOSTLY_TEXT = 0.9

EXPECTED = "expected packets (pcap, pcapng), a HAR or a mitmproxy flow file"


def explain_head(head: bytes) -> str:
    """Say in one clause what bytes look like that no reader recognises."""
    looks = next((words for magic, words in _MAGIC if head.startswith(magic)), None) or _explain_content(head)
    return f"{looks}; {EXPECTED}"


def _explain_content(head: bytes) -> str:
    text = head.removeprefix(_BOM)
    if text[_TAR_OFFSET : _TAR_OFFSET + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return "looks like a tar archive: unpack it first"
    if not text.strip(b"\0"):
        return "holds only zero bytes"
    if text.lstrip().startswith((b"{", b"[")):
        return 'looks like JSON, but no HAR: it has no "log" key at its top'
    if _HTML.match(text):
        return "looks like HTML"
    if _XML.match(text):
        return "looks like XML"
    return "looks like text" if _is_text(text) else "is of no known format"


def _is_text(data: bytes) -> bool:
    sample = data[:4096]
    printable = sum((byte >= 0x20 and byte != 0x7F) or byte in b"\t\r\n" for byte in sample)
    return b"\0" not in sample and printable >= _MOSTLY_TEXT * len(sample)
