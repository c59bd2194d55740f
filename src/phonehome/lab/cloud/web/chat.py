"""`api.chat.xiaomi.net`: Cloud Messaging over HTTP; delivery is the push stream's (`push.py`)."""

import base64

from phonehome.lab.cloud import messages, outgoing
from phonehome.lab.cloud.receipts import Answer
from phonehome.lab.cloud.refusal import Reason, Refusal
from phonehome.lab.cloud.region import Region
from phonehome.lab.cloud.texts import check_message
from phonehome.lab.cloud.web.calls import Call, Route

JPEG = b"\xff\xd8\xff"


def send(region: Region, call: Call) -> Answer:
    """Accept a message, or say that an SMS is needed."""
    call.need_secure()
    to, body, key = call.need("to"), call.need("body"), call.need_key()
    check_message(region, to=to, body=body, key=key)
    return messages.send(region, call.need_caller(), to=to, body=body, key=key)


def send_mms(region: Region, call: Call) -> Answer:
    """Accept a text with a picture, whose bytes are the body; it is kept and delivered as a message is.

    What is delivered is the text, a line break, and the picture as a `data:` URL (RFC 2397).
    """
    call.need_secure()
    to, text, key = call.need("to"), call.need("body"), call.need_key()
    check_message(region, to=to, body=text, key=key)
    if not call.body.startswith(JPEG):
        raise Refusal(Reason.MALFORMED, "the picture of an MMS is a JPEG")
    picture = base64.b64encode(call.body).decode()
    body = f"{text}\ndata:image/jpeg;base64,{picture}"
    return messages.send(region, call.need_caller(), to=to, body=body, key=key)


def unsent(region: Region, call: Call) -> Answer:
    """List messages that came back, for a handset that is not on line."""
    caller = call.need_caller()
    return Answer(data=region.database.read(lambda connection: outgoing.unsent(connection, caller.user_id)))


CHAT = (
    Route(service="chat", method="POST", path="/mx/v1/messages", handler=send),
    Route(
        service="chat",
        method="POST",
        path="/mx/v1/mms",
        handler=send_mms,
        body_limit="mms_bytes",
        takes_bytes=True,
    ),
    Route(service="chat", method="GET", path="/mx/v1/unsent", handler=unsent),
)
