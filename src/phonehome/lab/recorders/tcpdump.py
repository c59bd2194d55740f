"""Recording with tcpdump on the loopback interface, where it may: real packets, at this machine's time.

The handset connects to a relay's ports on loopback, and tcpdump records these: so it sees what goes over the recorded
network, and not the rest of loopback. Addresses are those of loopback; `relay` in `stand_ins` of the session says for
which hosts they stand. The key log lies beside the capture.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from phonehome.case.adding import Recording
from phonehome.lab.handset.network import AddressMap
from phonehome.lab.handset.ways import Way
from phonehome.lab.recorders.base import KEYLOG, Recorder, Setting, trusting
from phonehome.lab.recorders.programs import Program, ask_version, find_program
from phonehome.lab.tap.clock import LiveClock, StepClock
from phonehome.lab.tap.pcapng import CaptureBook
from phonehome.lab.tap.relay import Tap
from phonehome.model.session import Position

CAPTURE = "traffic.pcap"
SETTLE_S = 0.5
"""Until the kernel has handed over its last packets."""


class TcpdumpRecorder(Recorder):
    """Runs tcpdump; a position of `tap`, since round-trip times on loopback say nothing either."""

    position = Position.TAP

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._tcpdump = _find()
        # Only its ports are needed: what it writes down is thrown away.
        self._relay = Tap(setting.routes, CaptureBook(setting.comment), StepClock(setting.begin))
        self._keylog = setting.folder / KEYLOG
        self._clock = LiveClock(setting.begin)
        self._program: Program | None = None
        self._version = "unknown"

    @classmethod
    def check(cls) -> None:
        """See that tcpdump is here."""
        _find()

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
        """Over the relay's ports."""
        ca_file, keylog = self.setting.ca_file, self._keylog
        return Way(
            addresses=self._relay.listening,
            context=lambda pinned: trusting(ca_file, None if pinned else keylog),
            recorded=True,
        )

    @property
    def relays(self) -> AddressMap:
        """The relay's ports: those in the capture."""
        return self._relay.listening

    @property
    def tools(self) -> Mapping[str, str]:
        """Which tcpdump."""
        return {"tcpdump": self._version}

    def recordings(self) -> list[Recording]:
        """Give the capture, with its key log if anything was encrypted."""
        keylog = self._keylog if self._keylog.exists() else None
        return [Recording(capture=self.setting.folder / CAPTURE, keylog=keylog)]

    async def __aenter__(self) -> Self:
        await self._relay.__aenter__()
        ports = sorted({port for _, port in self._relay.listening.values()})
        chosen = "tcp and (" + " or ".join(f"port {port}" for port in ports) + ")"
        folder = self.setting.folder
        command = [str(self._tcpdump), "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-B", "8192"]
        command += ["-w", str(folder / CAPTURE), chosen]
        self._version = await ask_version(self._tcpdump)
        self._program = await Program.start(command, folder / "tcpdump.log", "listening on")
        self._clock = LiveClock(self.setting.begin)
        return self

    async def __aexit__(self, *exception: object) -> None:
        try:
            if self._program is not None:
                await self._program.finish(SETTLE_S, whole=exception[0] is None)
        finally:
            await self._relay.__aexit__(*exception)


def _find() -> Path:
    return find_program("tcpdump", "PHONEHOME_TCPDUMP", "install the package tcpdump")
