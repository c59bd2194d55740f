"""Which names and addresses of a notice are well-formed enough for formats that check them; others stay text."""

import ipaddress
import re
from typing import Literal

_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.ASCII)
MAX_NAME = 253


def is_host_name(text: str) -> bool:
    """Tell a host name with a dot; one in which something was masked is none."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None and address_kind(text) is None


def address_kind(text: str) -> Literal["ipv4", "ipv6"] | None:
    """Tell an IP address from anything else."""
    try:
        return "ipv4" if ipaddress.ip_address(text).version == 4 else "ipv6"
    except ValueError:
        return None
