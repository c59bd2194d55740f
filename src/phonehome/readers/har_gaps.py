"""What a HAR says was sent, or may have been, without holding it or its size: silence about it is no proof."""

from phonehome.model.exchange import Header
from phonehome.readers.endpoints import header_value
from phonehome.readers.har_fields import Fields

AT_LEAST = 1
"""Bytes that count as lost where nobody says how many were sent."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SWITCHED = 101
_REDIRECT = 300


def find_request_gap(request: Fields, post: Fields, headers: tuple[Header, ...], body: bytes) -> str | None:
    """Say what a request had of which the recording gives neither content nor size; None if nothing is known to lack.

    Args:
        request: The entry's `request`.
        post: Its `postData`.
        headers: As recorded.
        body: What was read of its body.
    """
    if not post.members.get("text") and (files := _count_empty_files(post)):
        return (
            f"{files:,} of the files that the form sent {'is' if files == 1 else 'are'} not in the recording"
        )
    method = request.members.get("method")
    if body or not isinstance(method, str) or method.upper() not in _WITH_BODY:
        return None
    if request.count("bodySize") is not None or header_value(headers, b"content-length") is not None:
        return None  # it had none, or what is missing is counted
    if not post.members and headers and _says_all(request, headers):
        return None
    return "the recording holds no request body, and does not say that there was none"


def _count_empty_files(post: Fields) -> int:
    params = post.members.get("params")
    listed = params if isinstance(params, list) else []
    return sum(isinstance(one, dict) and bool(one.get("fileName")) and not one.get("value") for one in listed)


def _says_all(request: Fields, headers: tuple[Header, ...]) -> bool:
    """Say whether the headers rule a body out: HTTP/1 announces one (RFC 9112, 6.3), later versions need not."""
    version = request.members.get("httpVersion")
    is_first = isinstance(version, str) and version.upper().startswith("HTTP/1.")
    return is_first and header_value(headers, b"transfer-encoding") is None


def find_messages_gap(entry: Fields, url: str, status: int | None) -> str | None:
    """Say that a connection changed to another protocol, or was a WebSocket, and the recording has nothing of it."""
    if entry.has("_webSocketMessages") or entry.has("_phonehome") or status is None:
        return None
    is_web_socket = url[:6].lower().startswith(("ws://", "wss://"))
    if status == _SWITCHED or (is_web_socket and status < _REDIRECT):
        return "a WebSocket or another protocol was opened, and what it carried is not in the recording"
    return None
