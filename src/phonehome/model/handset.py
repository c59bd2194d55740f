"""The handset as a capture of packets shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHandset:
    """Which end of a capture is the phone.

    Attributes:
        input: Which input of the audit it was seen in, counted from 0.
        addresses: Its IP addresses.
        mac: Its hardware address; None where the recording has none.
        why: How it was told from the others.
    """

    input: int = 0
    addresses: tuple[str, ...]
    mac: str | None
    why: str
