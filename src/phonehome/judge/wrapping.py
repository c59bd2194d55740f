"""How open something travelled: in clear or over TLS, as it is, encoded, or as a digest.

Base64 hides nothing from whoever receives it, and TLS nothing but from those on the way. So a data type that
moves from one to the other is still sent, and the comparison says how it travels now. What counts on each side
is the most open way that was met: what is sent in clear once and over TLS a hundred times is sent in clear.
"""

from collections.abc import Collection, Iterable
from typing import Literal

from phonehome.documents.audit import FindingDoc, FlowDoc
from phonehome.documents.base import Transport
from phonehome.documents.diff import Writing
from phonehome.model.wording import listing

Wrap = Literal["wrapped", "unwrapped"]

_STRUCTURES = {
    "json", "ndjson", "xml", "multipart", "form", "query", "cookies", "bplist", "grpc", "msgpack", "cbor",
    "protobuf", "dns-labels", "percent", "html-entities", "quoted-printable", "json-escape", "utf-16-le", "utf-16-be",
}  # fmt: skip
"""Layers that a reader of the bytes sees through: ways to write fields and letters, not ways to hide them."""

_COMPRESSIONS = {
    "gzip", "zlib", "zstd", "bzip2", "xz", "lzma", "lz4", "snappy", "deflate", "br", "lz4-block", "snappy-block",
}  # fmt: skip
"""Outermost they are a content coding, which says nothing about the app; deeper they are the app's own."""

_OPENNESS: tuple[Writing, ...] = ("plain", "encoded", "digest")

_TRANSPORTS: dict[Transport | None, str] = {
    "cleartext": "in clear",
    "tls": "over TLS",
    "quic": "over QUIC",
    None: "over an unknown transport",
}


def writing_of(finding: FindingDoc) -> Writing:
    """Say how a value was written: as it is, encoded, or as a digest.

    Any layer that is no mere structure is an encoding, also one that nobody has listed here yet.
    """
    if finding.method == "digest":
        return "digest"
    inner = finding.chain[1:] if finding.chain and finding.chain[0] in _COMPRESSIONS else finding.chain
    return "plain" if _STRUCTURES.issuperset(inner) else "encoded"


def writings_of(flows: Iterable[FlowDoc], findings: Iterable[FindingDoc]) -> frozenset[Writing]:
    """Gather the writings of flows from their listed findings.

    Not every finding of a flow is listed. Where one that was decoded is known to be, and none of the listed is,
    it counts as plain: the more open of what it may be.
    """
    listed = list(findings)
    strong = [finding for finding in listed if finding.weak is None] or listed
    found = {writing_of(finding) for finding in strong}
    methods = {method for flow in flows for method in flow.methods}
    if "decoded" in methods and not found & {"plain", "encoded"}:
        found.add("plain")
    if "digest" in methods:
        found.add("digest")
    return frozenset(found)


def compare_transports(
    before: Collection[Transport | None], after: Collection[Transport | None]
) -> Wrap | None:
    """Compare the most open transports; None where they are alike, or one is not known."""
    if None in before or None in after:
        return None
    was, now = "cleartext" in before, "cleartext" in after
    return None if was == now else "wrapped" if was else "unwrapped"


def compare_writings(before: Collection[Writing], after: Collection[Writing]) -> Wrap | None:
    """Compare the most open writings; None where they are alike."""
    was, now = (min(map(_OPENNESS.index, one), default=0) for one in (before, after))
    return None if was == now else "wrapped" if was < now else "unwrapped"


def describe_transports(transports: Collection[Transport | None]) -> str:
    """Write transports for people: “in clear and over TLS”."""
    return listing([text for name, text in _TRANSPORTS.items() if name in transports])


def describe_writings(writings: Collection[Writing]) -> str:
    """Write writings for people: “plain and as a digest”."""
    words = {"plain": "plain", "encoded": "encoded", "digest": "as a digest"}
    return listing([words[name] for name in _OPENNESS if name in writings] or ["in an unknown way"])
