"""The tap between handset and cloud: relays real bytes on loopback, and writes them as a capture of packets.

It ends no TLS: what it relays is what the two sides wrote. Addresses in the capture are those of the scenario, so
nobody needs root, and its handshakes of TCP are made up, so their timing says nothing.
"""

from phonehome.lab.tap.clock import StepClock
from phonehome.lab.tap.relay import Route, Tap

__all__ = ["Route", "StepClock", "Tap"]
