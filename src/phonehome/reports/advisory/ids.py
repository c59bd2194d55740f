"""Identifiers that are the same for the same notice, so that a second run makes the same bytes."""

import uuid

from phonehome.documents.advisory import AdvisoryDocument

NAMESPACE = uuid.UUID("6f1d7f0e-5c0b-5e0c-9a53-2f6b8f0a9a11")
"""Of our own, made once; STIX forbids its own namespace for anything but observables (section 2.9)."""


def make_uuid(*parts: str | None) -> str:
    """Give the UUID (version 5) of a list of texts."""
    text = "\x1f".join("\x1e" if part is None else part for part in parts)
    return str(uuid.uuid5(NAMESPACE, text.encode("utf-8", "backslashreplace").decode("utf-8")))


def notice_key(doc: AdvisoryDocument) -> tuple[str, str, str]:
    """Tell a notice from every other: whose it is, its number, and whether it is a draft.

    A final notice is not the draft with other words: who imported the draft would otherwise have two objects of one
    name and one date that differ.
    """
    return doc.publisher.namespace, doc.id, "draft" if doc.status == "draft" else "released"
