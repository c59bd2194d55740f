"""What a text message may be: only what a stream can deliver as it was sent, sealed or not."""

from phonehome.lab.cloud.accounts import PHONE
from phonehome.lab.cloud.receipts import MAX_KEY
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.stanzas import is_legal


def check_message(region: Region, *, to: str, body: str, key: str) -> None:
    """Refuse what is no message."""
    if not PHONE.match(to):
        raise Refusal(Reason.MALFORMED, "a message goes to a number in the form +12025550143")
    if not 0 < len(key) <= MAX_KEY or not key.isprintable():
        raise Refusal(Reason.MALFORMED, f"a message needs an id of at most {MAX_KEY} characters")
    if len(body) > region.config.limits.message_characters:
        raise Refusal(Reason.OVERSIZED, "the message is too long")
    if not body or not is_legal(body):
        raise Refusal(Reason.MALFORMED, "the message is empty or holds a control character")
