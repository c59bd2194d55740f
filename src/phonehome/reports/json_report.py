"""Documents as JSON: the view that other programs read, and that loses nothing."""

import json
import re

from pydantic import BaseModel

from phonehome.reports.text import HIDDEN_CLASS

_HIDDEN_BUT_LINE_FEED = re.compile(
    f"[{HIDDEN_CLASS}](?<!\n)"
)  # inside strings a line feed is escaped already


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000  # RFC 8259, section 7: a surrogate pair
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def render_json(doc: BaseModel) -> str:
    """Write the document as indented JSON that ends in a line feed and keeps to its schema.

    Characters that could steer a terminal or hide something are JSON escapes: the same text to a parser, and
    harmless to a person who lets it run over the screen.
    """
    try:
        text = doc.model_dump_json(indent=2)
    except ValueError:
        # A lone surrogate, as in the name of a file that is not UTF-8; Python's own encoder takes it, slowly.
        text = json.dumps(doc.model_dump(mode="json"), ensure_ascii=False, indent=2)
    return escape_hidden(text) + "\n"


def escape_hidden(text: str) -> str:
    """Write characters of JSON text that could steer a terminal or hide something as JSON escapes."""
    return _HIDDEN_BUT_LINE_FEED.sub(_escape, text)
