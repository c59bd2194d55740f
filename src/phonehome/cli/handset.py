"""The `--handset` parameter: which end of a packet capture is the phone."""

import ipaddress
import re

import click


class HandsetAddress(click.ParamType):
    """An IP or MAC address, in its canonical lower-case spelling."""

    name = "IP|MAC"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the spelling; anything else is a usage error."""
        if re.fullmatch(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", value):
            return value.replace("-", ":").lower()
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            self.fail("give an IP address (192.0.2.7) or a MAC address (00:00:5e:00:53:01)", param, ctx)
