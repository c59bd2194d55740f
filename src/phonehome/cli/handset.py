"""The option `--handset`: which end of a packet capture is the phone."""

import ipaddress
import re

import click

_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")


def read_handset(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Give an IP or MAC address in its canonical spelling; anything else is wrong usage."""
    if value is None:
        return None
    if _MAC.fullmatch(value):
        return value.replace("-", ":").lower()
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise click.BadParameter(
            "give an IP address (192.0.2.7) or a MAC address (00:00:5e:00:53:01)"
        ) from error


handset_option = click.option(
    "--handset", metavar="IP|MAC", callback=read_handset, help="The phone's address, for packet captures."
)
