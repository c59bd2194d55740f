"""Recording through the tap: no program but this one, no rights, times and addresses of the scenario."""

import asyncio
from collections.abc import Mapping
from typing import Self

from phonehome import __version__
from phonehome.case.adding import Recording
from phonehome.lab.handset.network import AddressMap
from phonehome.lab.handset.ways import Way
from phonehome.lab.recorders.base import KEYLOG, Recorder, Setting, trusting
from phonehome.lab.tap.clock import StepClock
from phonehome.lab.tap.pcapng import CaptureBook
from phonehome.lab.tap.relay import Tap
from phonehome.model.session import Position

CAPTURE = "traffic.pcapng"
HANDSET = "192.168.43.20"
SETTLE_S = 0.05
"""Until the last bytes that were sent have passed."""


class TapRecorder(Recorder):
    """Relays on loopback, and writes packets with the secrets of TLS inside."""

    position = Position.TAP
    keeps_addresses = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._clock = StepClock(setting.begin)
        self._book = CaptureBook(setting.comment)
        self._tap = Tap(setting.routes, self._book, self._clock, handset=HANDSET)
        self._keylog = setting.folder / KEYLOG

    @classmethod
    def check(cls) -> None:
        """Nothing is needed."""

    @property
    def clock(self) -> StepClock:
        """The scenario's clock, which moves by steps."""
        return self._clock

    @property
    def way(self) -> Way:
        """Over the tap's own ports."""
        ca_file, keylog = self.setting.ca_file, self._keylog
        return Way(
            addresses=self._tap.listening,
            context=lambda pinned: trusting(ca_file, None if pinned else keylog),
            recorded=True,
        )

    @property
    def relays(self) -> AddressMap:
        """The tap's own ports, which its capture does not show."""
        return self._tap.listening

    @property
    def tools(self) -> Mapping[str, str]:
        """This program."""
        return {"phonehome lab tap": __version__}

    @property
    def handset(self) -> str:
        """What the tap calls it."""
        return HANDSET

    async def pause(self) -> None:
        """Nothing: steps are apart by the scenario's own clock."""

    def recordings(self) -> list[Recording]:
        """Give the one capture."""
        return [Recording(capture=self.setting.folder / CAPTURE)]

    async def __aenter__(self) -> Self:
        await self._tap.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.sleep(SETTLE_S)
        await self._tap.__aexit__(*exception)
        secrets = self._keylog.read_bytes() if self._keylog.exists() else b""
        (self.setting.folder / CAPTURE).write_bytes(self._book.render(secrets))
