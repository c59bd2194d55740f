"""Loopback addresses and ports: each host of each region gets an address of its own under 127.0.0.0/8.

Linux answers on all of 127.0.0.0/8 without any set-up. Where a system has 127.0.0.1 alone, every endpoint gets
a port of its own there. Nothing in the lab listens on, or connects to, any other address.
"""

import ipaddress
import socket
from contextlib import ExitStack

FIRST_OCTET = 64
"""Region 0 lives in 127.64.0.0/16, region 1 in 127.65.0.0/16, and so on."""
BLOCKS = 256
"""Labs that run at once take different blocks of their regions, so that none takes a port that another left for a
moment."""
_ATTEMPTS = 50


def loopback_address(region: int, host: int, block: int = 0) -> str:
    """Give the address of a region's host in a block of /24, all counted from 0."""
    return str(ipaddress.IPv4Address(f"127.{FIRST_OCTET + region}.{block}.1") + host)


def has_all_loopback() -> bool:
    """Tell whether this system answers on addresses of 127.0.0.0/8 other than 127.0.0.1."""
    with socket.socket() as trial:
        try:
            trial.bind((loopback_address(0, 0), 0))
        except OSError:
            return False
        return True


def is_loopback(address: str) -> bool:
    """Tell whether an address, given in digits, is of this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def free_port(*addresses: str) -> int:
    """Find a port that is free on all the addresses."""
    for _ in range(_ATTEMPTS):
        with ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind((addresses[0], 0))
            port = int(first.getsockname()[1])
            try:
                for address in addresses[1:]:
                    stack.enter_context(socket.socket()).bind((address, port))
            except OSError:
                continue
            return port
    raise OSError(f"no port is free on all of {', '.join(addresses)}")


def listen(address: str, port: int) -> socket.socket:
    """Listen on a loopback address; a port that a killed server left behind may be taken again at once."""
    if not is_loopback(address):
        raise ValueError(f"the lab listens on loopback only, not on {address}")
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((address, port))
        listener.setblocking(False)
        return listener
    except OSError:
        listener.close()
        raise
