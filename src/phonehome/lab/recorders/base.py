"""What every recorder does: it stands between handset and servers for one session, and leaves captures."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from phonehome.case.adding import Recording
from phonehome.lab.handset.network import AddressMap
from phonehome.lab.handset.ways import Way
from phonehome.lab.tap.clock import ScenarioClock
from phonehome.lab.tap.relay import Route
from phonehome.model.session import Position

KEYLOG = "keys.log"
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a recorder has to know of a session.

    Attributes:
        folder: Where it may write.
        routes: The scenario's hosts, and the servers that stand for them.
        ca_file: What the handset trusts.
        begin: When the session begins, by the scenario's clock.
        pinned: Hosts whose certificates the handset pins.
        comment: What the capture is, for whoever opens it.
    """

    folder: Path
    routes: Sequence[Route]
    ca_file: Path
    begin: datetime
    pinned: frozenset[str]
    comment: str


class Recorder(ABC):
    """Records one session. Use it as an asynchronous context manager; the captures are there when it is left."""

    position: Position
    """What the session says of where it was recorded."""
    keeps_addresses = False
    """Whether its recordings have the scenario's addresses, and not those of loopback."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    @classmethod
    @abstractmethod
    def check(cls) -> None:
        """Check, before anything is begun, that it can record here.

        Raises:
            ConfigError: A program that it needs is not here.
        """

    @property
    @abstractmethod
    def clock(self) -> ScenarioClock:
        """The clock that the handset goes by."""

    @property
    def clock_offset_s(self) -> float:
        """Seconds by which the recording's clock is ahead of the timeline's."""
        return 0.0

    @property
    @abstractmethod
    def way(self) -> Way:
        """The way past this recorder."""

    @property
    def handset(self) -> str | None:
        """The handset's address in the recording, where it has one."""
        return None

    @property
    def relays(self) -> AddressMap:
        """Where the handset connects to instead of the servers, by host and port of the scenario."""
        return {}

    def past(self) -> Way:
        """The way that goes past this recorder: the servers themselves, over a network that it does not see."""
        return Way(
            addresses=direct(self.setting.routes),
            context=lambda _: trusting(self.setting.ca_file),
            recorded=False,
        )

    async def pause(self) -> None:
        """Wait between two steps, so that a clock that nobody sets tells them apart."""
        await asyncio.sleep(PAUSE_S)

    @property
    @abstractmethod
    def tools(self) -> Mapping[str, str]:
        """What it was recorded with: name to version."""

    @abstractmethod
    def recordings(self) -> list[Recording]:
        """Give what was recorded."""

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Begin to record."""

    @abstractmethod
    async def __aexit__(self, *exception: object) -> None:
        """Stop, and write what was recorded."""


def trusting(ca_file: Path, keylog: Path | None = None) -> ssl.SSLContext:
    """Make a TLS context that trusts one authority and nothing else, and notes its secrets where asked."""
    context = ssl.create_default_context(cafile=str(ca_file))
    if keylog is not None:
        context.keylog_filename = str(keylog)
    return context


def direct(routes: Sequence[Route]) -> dict[tuple[str, int], tuple[str, int]]:
    """Map each host to its server itself, past any recorder."""
    return {(route.host, route.port): route.server for route in routes}
