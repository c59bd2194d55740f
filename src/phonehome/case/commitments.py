"""Commitments: a digest that binds to a value and tells nothing of it, until its opening is given.

IMEIs and phone numbers can be tried out in seconds, so a digest of the value alone would hide nothing. Each
commitment has 256 random bits of its own: without them no guess can be tested, and equal values look unlike. What is
hashed (SHA-256) is a JSON text that names the purpose, the finding, the data type, the form, the value and the random
bits, so that an opening fits one finding of one meaning only.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass

from phonehome.model.errors import DecodeError

DOMAIN = "phonehome.commitment/1"
RANDOM_BYTES = 32
EVIDENCE = "evidence"
"""The id under which the manifest of the case is committed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What a commitment is about."""

    finding: str
    data_type: str
    form: str
    value: str


def commit(about: Committed) -> tuple[str, str]:
    """Give a commitment with random bits of its own (64 hexadecimal digits), and the text that opens it."""
    fields = [
        DOMAIN,
        about.finding,
        about.data_type,
        about.form,
        about.value,
        secrets.token_hex(RANDOM_BYTES),
    ]
    text = json.dumps(fields, separators=(",", ":"))
    return digest(text), text


def digest(text: str) -> str:
    """Give the commitment that a text opens."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def parse_committed(text: str) -> Committed:
    """Read the text of an opening.

    Raises:
        DecodeError: It is none.
    """
    try:
        found = json.loads(text)
        domain, finding, data_type, form, value, bits = found
        texts = all(isinstance(field, str) for field in found)
        if not texts or domain != DOMAIN or len(bytes.fromhex(bits)) != RANDOM_BYTES:
            raise ValueError("of another kind")
    except (ValueError, TypeError, RecursionError) as error:
        raise DecodeError("this opens no commitment of phonehome's") from error
    return Committed(finding=finding, data_type=data_type, form=form, value=value)
