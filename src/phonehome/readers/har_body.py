"""Bodies as HAR stores them: text, Base64, or only the list of a form's parameters."""

import base64
import binascii
import json
import re
from urllib.parse import quote_plus

from phonehome.model.exchange import Header
from phonehome.readers.endpoints import content_length, declared_codings, header_value, to_bytes
from phonehome.readers.har_fields import Fields

_SIGNATURES = {
    "gzip": (b"\x1f\x8b\x08",),
    "x-gzip": (b"\x1f\x8b\x08",),
    "deflate": (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
    "zstd": (b"\x28\xb5\x2f\xfd",),
}
MAX_FRAMING = 64
"""Bytes that chunks, or a coding that gains nothing, may add to a small body; to a large one, an eighth."""

MAX_EDITED = 16
"""Bytes by which a whole JSON document may be shorter than it was sent: people replace names in recordings."""

_REPLACEMENT = "\ufffd"
_LATIN_1_END = "\xff"
_C1 = re.compile("[\x80-\x9f]")
_SIGNS = re.compile("[\xa0-\xbf\xd7\xf7]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x80-\x9f]")


def read_body(holder: Fields) -> bytes:
    """Read `postData` or `content`: its text, decoded from Base64 where the recorder says so."""
    text = holder.text("text")
    if not text:
        return b""
    encoding = (holder.text("encoding") or holder.text("_encoding") or "").strip().lower()
    if encoding == "base64":
        return _decode_base64(holder, text)
    if encoding not in ("", "utf-8", "utf8", "text"):
        holder.note(f"{holder.path}encoding is unknown; the text was read as it stands", lost=False)
    return to_bytes(text)


def read_request_body(post: Fields, recorded_size: int | None) -> bytes:
    """Read the body of a request, from its parameters where the recorder kept nothing else."""
    text = post.members.get("text")
    if not text and post.has("params"):
        return _rebuild_form(post)
    if isinstance(text, str) and not post.has("encoding") and not post.has("_encoding"):
        if _REPLACEMENT in text:
            post.note(
                f"{post.path}text: the recorder replaced bytes that it could not read as text", lost=True
            )
        elif _is_latin_1(text, recorded_size):
            return text.encode("latin-1")
        elif not recorded_size and _is_binary(text):
            post.note(f"{post.path}text is binary; each character was read as one byte", lost=False)
            return text.encode("latin-1")
    return read_body(post)


def stored_codings(body: bytes, headers: tuple[Header, ...]) -> tuple[str, ...]:
    """Give the declared content codings that are plainly still on a stored body.

    HAR stores bodies decoded; a recorder that failed to decode one stores it as it came.
    """
    codings = declared_codings(headers)
    if codings and body.startswith(_SIGNATURES.get(codings[-1], ())):
        return codings
    return ()


def count_missing_request(
    post: Fields, recorded_size: int | None, headers: tuple[Header, ...], body: bytes
) -> int:
    """Count the bytes of a request's body that were sent, as the recording says, but that it does not hold.

    Where the recorder kept neither body nor size, the Content-Length tells.
    """
    sent = recorded_size or (0 if body else content_length(headers))
    if body and not post.members.get("text"):  # rebuilt: escapes take up to three bytes, a part has a head
        allowed = 2 * len(body) + 2 * MAX_FRAMING * body.count(b"\r\n\r\n")
        return sent - len(body) if sent > len(body) + allowed else 0
    return _count_missing(sent, headers, body)


def count_missing_response(
    content: Fields, recorded_size: int | None, headers: tuple[Header, ...], body: bytes
) -> int:
    """Count the bytes of a response's body that came, as the recording says, but that it does not hold."""
    if body and content.has("size") and (content.count("size") or 0) <= len(body):
        return 0  # all that was decoded is there: Firefox counts the framing into bodySize
    return _count_missing(recorded_size or 0, headers, body)


def _count_missing(sent: int, headers: tuple[Header, ...], body: bytes) -> int:
    missing = sent - len(body)
    if missing <= 0 or not body:
        return max(missing, 0)
    reshaped = header_value(headers, b"transfer-encoding") or declared_codings(headers)
    if reshaped and missing <= MAX_FRAMING + len(body) // 8:
        return 0
    if missing <= MAX_EDITED and _is_whole_json(body):
        return 0
    return missing


def _is_whole_json(body: bytes) -> bool:
    """Tell whether a body is one JSON document to its last bracket."""
    if body[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _decode_base64(holder: Fields, text: str) -> bytes:
    compact = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        holder.note(
            f"{holder.path}text is not the Base64 it is said to be; it was read as it stands", lost=False
        )
        return to_bytes(text)


def _is_latin_1(text: str, recorded_size: int | None) -> bool:
    """Tell whether a recorder wrote each byte as the character of its number.

    The recorded size tells this from UTF-8: it counts bytes, and here that is characters. As some writers
    count characters anyway, control characters must show besides that this is no text that people wrote.
    """
    if text.isascii() or recorded_size != len(text) or max(text) > _LATIN_1_END:
        return False
    return _CONTROLS.search(text) is not None


def _is_binary(text: str) -> bool:
    """Tell bytes that were written as characters by what no text holds, where no size tells.

    C1 controls do; others stand in texts too, but not beside signs that are no letters.
    """
    if text.isascii() or max(text) > _LATIN_1_END:
        return False
    return _C1.search(text) is not None or bool(_CONTROLS.search(text) and _SIGNS.search(text))


def _rebuild_form(post: Fields) -> bytes:
    mime = post.text("mimeType") or ""
    params = post.objects("params")
    if params:
        post.note(f"{post.path}text is missing: the body was rebuilt from its params", lost=False)
    if mime.lower().startswith("multipart/"):
        return _rebuild_multipart(params, mime)
    pairs = [
        (param.text("name") or "", param.text(key) or "")
        for param in params
        for key in ("value", "fileName")
        if key == "value" or param.has(key)
    ]
    return "&".join(
        f"{quote_plus(to_bytes(name))}={quote_plus(to_bytes(value))}" for name, value in pairs
    ).encode()


def _rebuild_multipart(params: list[Fields], mime: str) -> bytes:
    _, found, rest = mime.partition("boundary=")
    boundary = to_bytes(rest.split(";")[0].strip().strip('"')) if found else b"boundary"
    parts: list[bytes] = []
    for param in params:
        name, file = param.text("name") or "", param.text("fileName")
        head = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
        if kind := param.text("contentType"):
            head += f"\r\nContent-Type: {kind}"
        parts.append(
            b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, to_bytes(head), to_bytes(param.text("value") or ""))
        )
    return b"".join(parts) + b"--%b--\r\n" % boundary
