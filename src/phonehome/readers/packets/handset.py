"""Which end is the phone: told by the user or by the session that was recorded, or found in the traffic."""

from collections import Counter

import numpy as np

from phonehome.model.handset import SeenHandset
from phonehome.readers.packets.addresses import is_local, is_nobody, read_address, write_address
from phonehome.wire.columns import Words
from phonehome.wire.segments import Segments
from phonehome.wire.tcp import ACK, SYN

MAX_ADDRESSES = 10_000
"""Addresses of which traffic is counted."""

Address = tuple[int, int]

_DHCP_CLIENT, _DHCP_SERVER = 68, 67
_DHCP_WEIGHT = 1_000_000
_LOCAL_WEIGHT = 1_000


class HandsetFinder:
    """Learns from each window's segments which addresses are the handset's.

    Args:
        told: An IP address or a MAC that the user gave, or the session; None to find it.
    """

    def __init__(self, told: str | None = None) -> None:
        self.is_told = told is not None
        self._addresses: set[Address] = set()
        self._mac = 0
        self._why = ""
        self._is_certain = self.is_told
        if told is not None:
            self._why = "it was named beforehand"
            if _is_mac(told):
                self._mac = int(told.replace(":", "").replace("-", "").replace(".", ""), 16)
            else:
                self._addresses.add(read_address(told))

    @property
    def handset(self) -> SeenHandset | None:
        """What is known so far."""
        if not self._why:
            return None
        return SeenHandset(
            addresses=tuple(sorted(write_address(*address) for address in self._addresses)),
            mac=_write_mac(self._mac) if self._mac else None,
            why=self._why,
        )

    def is_handset(self, high: int, low: int) -> bool:
        """Whether an address is the handset's, so that what reaches a port of it comes down.

        An address that only sent most packets may be a server's; then whoever opens a connection sends up.
        """
        return self._is_certain and (high, low) in self._addresses

    def is_involved(self, one: tuple[int, int], two: tuple[int, int], mac: int) -> bool:
        """Whether a conversation is the handset's; with an address that was found, not told, any may be."""
        if not self.is_told:
            return True
        return one in self._addresses or two in self._addresses or (mac != 0 and mac == self._mac)

    def observe(self, segments: Segments) -> None:
        """Learn from a window."""
        if not len(segments):
            return
        if not self._why:
            self._find(segments)
        elif not self._mac and self._addresses:
            self._mac = self._mac_of(segments, next(iter(self._addresses)))
        if self._mac:
            self._follow(segments)

    def _find(self, segments: Segments) -> None:
        """Choose the local address that opens the most connections, or asked for an address by DHCP."""
        starts = (segments.flags & (SYN | ACK)) == SYN
        starts |= (segments.protocol == 17) & (segments.dst_port < 1024) & (segments.src_port >= 1024)
        opened = _count(segments.src_high[starts], segments.src_low[starts])
        sent = _count(segments.src_high, segments.src_low)
        asked = (segments.protocol == 17) & (segments.src_port == _DHCP_CLIENT)
        asked &= segments.dst_port == _DHCP_SERVER
        macs = set(segments.src_mac[asked].tolist()) - {0}
        askers = np.isin(segments.src_mac, np.array(list(macs), np.uint64))
        asking = _count(segments.src_high[askers], segments.src_low[askers])
        scores: dict[Address, tuple[int, int]] = {}
        for address, packets in (opened + sent).most_common(MAX_ADDRESSES):
            if is_nobody(address):
                continue
            weight = opened[address] + _LOCAL_WEIGHT * is_local(write_address(*address))
            if address in asking and self._mac_of(segments, address) in macs:
                weight += _DHCP_WEIGHT
            scores[address] = (weight, packets)
        if not scores:
            return
        best = max(scores, key=lambda address: scores[address])
        weight = scores[best][0]
        if weight >= _DHCP_WEIGHT:
            self._why = "it asked for an address by DHCP"
        elif opened[best]:
            kind = "local " if is_local(write_address(*best)) else ""
            self._why = (
                f"the {kind}address that opened most connections ({opened[best]:,} in the first window)"
            )
        else:
            self._why = f"the address that sent most packets ({sent[best]:,} in the first window)"
        self._is_certain = weight >= _DHCP_WEIGHT or opened[best] > 0
        self._addresses.add(best)
        self._mac = self._mac_of(segments, best)

    def _follow(self, segments: Segments) -> None:
        """Take in the other addresses of the same hardware."""
        sent, got = segments.src_mac == np.uint64(self._mac), segments.dst_mac == np.uint64(self._mac)
        if not sent.any() and not got.any():
            return
        # Whom it sends to is another, though a router's hardware address stood before both.
        used = set(_count(segments.src_high[sent], segments.src_low[sent]))
        used -= set(_count(segments.dst_high[sent], segments.dst_low[sent]))
        reached = set(_count(segments.dst_high[got], segments.dst_low[got]))
        reached -= set(_count(segments.src_high[got], segments.src_low[got]))
        found = {address for address in used | reached if not is_nobody(address)} - self._addresses
        local = {address for address in found if is_local(write_address(*address))}
        # Behind a router everybody has its hardware address; a phone has few addresses.
        new = local if len(found) > 16 else found
        if len(self._addresses) + len(new) <= 64:
            self._addresses |= new

    @staticmethod
    def _mac_of(segments: Segments, address: Address) -> int:
        own = (segments.src_high == np.uint64(address[0])) & (segments.src_low == np.uint64(address[1]))
        macs = segments.src_mac[own]
        return int(macs[0]) if len(macs) and (macs == macs[0]).all() else 0


def _count(high: Words, low: Words) -> Counter[Address]:
    """Count addresses."""
    counted: Counter[Address] = Counter()
    if not len(high):
        return counted
    order = np.lexsort((low, high))
    high, low = high[order], low[order]
    begins = np.flatnonzero(np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1])))
    sizes = np.diff(np.append(begins, len(high)))
    for one, two, size in zip(high[begins].tolist(), low[begins].tolist(), sizes.tolist(), strict=True):
        counted[one, two] = size
    return counted


def _is_mac(text: str) -> bool:
    digits = text.replace(":", "").replace("-", "")
    return len(digits) == 12 and text.count(":") + text.count("-") == 5


def _write_mac(mac: int) -> str:
    return ":".join(f"{mac:012x}"[place : place + 2] for place in range(0, 12, 2))
