"""What tells one request from another, wherever it passes: its digest, and the fewest bytes that it can take.

The sender notes both before it sends; whoever measures a recording looks for the digest among the requests that can be
read in it, and for room of that size in what stays closed. Headers are left out, since they change on their way.
"""

from hashlib import sha256

MIN_FRAMING = 26
"""Bytes that any request takes beside its body: a frame header of HTTP/2 (RFC 9113, 4.1) with what seals a record of
TLS 1.3 (RFC 8446, 5.2), or the shortest request line and Host of HTTP/1.1."""


def digest_request(verb: str, host: str, target: bytes, body: bytes) -> str:
    """Give the SHA-256 of a request, in hexadecimal.

    Args:
        verb: The method, such as `GET`.
        host: Without its port, in small letters.
        target: Path and query as they are sent.
        body: As it is sent.
    """
    digest = sha256()
    for part in (verb.encode(), host.encode(), target, body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def least_size(body: bytes) -> int:
    """Give the fewest bytes that a request can take on the wire; HTTP/2 may shrink its headers to next to nothing."""
    return len(body) + MIN_FRAMING


def split_target(url: bytes) -> bytes:
    """Give path and query of a whole URL."""
    _, _, rest = url.partition(b"://")
    _, slash, target = rest.partition(b"/")
    return slash + target
