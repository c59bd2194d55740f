"""The handset as a capture of packets shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHandset:
    """Which end of a capture is the phone.

    Attributes:
        addresses: Its IP addresses.
        mac: Its hardware address; None where the recording has none.
        why: How it was told from the others.
    """

    addresses: tuple[str, ...]
    mac: str | None
    why: str
