"""Recording with tcpdump on the loopback interface, where it may: real packets, at this machine's time.

The handset connects to the servers themselves, so addresses are those of loopback; `stand_ins` of the
session says for which hosts they stand. The key log lies beside the capture.
"""

import asyncio
from collections.abc import Mapping
from typing import Self

from phonehome.case.adding import Recording
from phonehome.lab.handset.ways import Way
from phonehome.lab.recorders.base import KEYLOG, Recorder, Setting, direct, trusting
from phonehome.lab.recorders.programs import Program, ask_version, find_program
from phonehome.lab.tap.clock import LiveClock
from phonehome.model.session import Position

CAPTURE = "traffic.pcap"
LOOPBACK = "127.0.0.1"
SETTLE_S = 0.5
"""Until the kernel has handed over its last packets."""
MAX_PORTS = 40


class TcpdumpRecorder(Recorder):
    """Runs tcpdump; a position of `tap`, since round-trip times on loopback say nothing either."""

    position = Position.TAP

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._tcpdump = find_program("tcpdump", "PHONEHOME_TCPDUMP", "install the package tcpdump")
        self._keylog = setting.folder / KEYLOG
        self._clock = LiveClock(setting.begin)
        self._program: Program | None = None
        self._version = "unknown"

    @property
    def clock(self) -> LiveClock:
        """As fast as this machine's."""
        return self._clock

    @property
    def clock_offset_s(self) -> float:
        """Packets have this machine's time."""
        return self._clock.offset_s

    @property
    def way(self) -> Way:
        """To the servers themselves."""
        ca_file, keylog = self.setting.ca_file, self._keylog
        return Way(
            addresses=direct(self.setting.routes),
            context=lambda pinned: trusting(ca_file, None if pinned else keylog),
            recorded=True,
        )

    @property
    def tools(self) -> Mapping[str, str]:
        """Which tcpdump."""
        return {"tcpdump": self._version}

    @property
    def handset(self) -> str | None:
        """Where the servers have other addresses of loopback than it, its own."""
        servers = {route.server[0] for route in self.setting.routes}
        return None if LOOPBACK in servers else LOOPBACK

    def recordings(self) -> list[Recording]:
        """Give the capture, with its key log if anything was encrypted."""
        keylog = self._keylog if self._keylog.exists() else None
        return [Recording(capture=self.setting.folder / CAPTURE, keylog=keylog)]

    async def __aenter__(self) -> Self:
        ports = sorted({route.server[1] for route in self.setting.routes})[:MAX_PORTS]
        chosen = "tcp and (" + " or ".join(f"port {port}" for port in ports) + ")"
        folder = self.setting.folder
        command = [str(self._tcpdump), "-i", "lo", "-U", "-s", "0", "-B", "8192"]
        command += ["-w", str(folder / CAPTURE), chosen]
        self._version = await ask_version(self._tcpdump)
        self._program = await Program.start(command, folder / "tcpdump.log", "listening on")
        self._clock = LiveClock(self.setting.begin)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.sleep(SETTLE_S)
        if self._program is not None:
            await self._program.stop()
