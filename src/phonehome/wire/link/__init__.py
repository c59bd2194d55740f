"""Link layers: one file each, from a packet as recorded to the IP packet in it."""

from phonehome.wire.link.frames import Frames, strip_link

__all__ = ["Frames", "strip_link"]
