"""Recording through mitmproxy, as a tester would: the handset is set to use it, and trusts its authority.

It ends the handset's TLS and opens its own to the servers, whose places an addon tells it: it dials nobody else.
Hosts whose certificates are pinned are passed through closed, since the handset would refuse it there.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from phonehome.case.adding import Recording
from phonehome.lab.addresses import free_port
from phonehome.lab.handset.network import AddressMap, Proxy
from phonehome.lab.handset.ways import Way
from phonehome.lab.recorders.base import Recorder, Setting, direct, trusting
from phonehome.lab.recorders.programs import Program, ask_version, find_program
from phonehome.lab.tap.clock import LiveClock
from phonehome.model.session import Position

CAPTURE = "traffic.mitm"
LOOPBACK = "127.0.0.1"
SETTLE_S = 0.3
PROXIED = (80, 443)
"""Ports of the scenario whose traffic a proxy for HTTP carries."""
MAP_FILE = "map.json"
ADDON = '''"""Leads mitmproxy to the lab's servers, and nowhere else."""

import json
from pathlib import Path

MAP = {tuple(key): tuple(place) for key, place in json.loads(Path(__file__).with_name("map.json").read_text())}
ASKED = {}


def server_connect(data):
    place = MAP.get(tuple(data.server.address or ()))
    if place is None:
        data.server.error = "the lab has no such host, and never dials out"
    else:
        ASKED[data.server.id] = data.server.address
        data.server.address = place


def server_connected(data):
    # The name again, by which the next request finds this connection; its setter refuses that once it is open.
    data.server.__dict__["address"] = ASKED.pop(data.server.id, data.server.address)
'''


class MitmproxyRecorder(Recorder):
    """Runs mitmdump."""

    position = Position.PROXY

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._mitmdump = _find()
        self._port = free_port(LOOPBACK)
        self._clock = LiveClock(setting.begin)
        self._program: Program | None = None
        self._version = "unknown"

    @classmethod
    def check(cls) -> None:
        """See that mitmdump is here."""
        _find()

    @property
    def clock(self) -> LiveClock:
        """As fast as this machine's."""
        return self._clock

    @property
    def clock_offset_s(self) -> float:
        """Flows have this machine's time."""
        return self._clock.offset_s

    @property
    def way(self) -> Way:
        """Through the proxy, whose authority is trusted unless a host is pinned."""
        setting, authority = self.setting, self._conf / "mitmproxy-ca-cert.pem"
        return Way(
            addresses=direct(setting.routes),
            context=lambda pinned: trusting(setting.ca_file if pinned else authority),
            recorded=True,
            proxy=Proxy(host=LOOPBACK, port=self._port),
        )

    @property
    def relays(self) -> AddressMap:
        """The proxy, for everything that goes through it: HTTP, and no push stream."""
        place = (LOOPBACK, self._port)
        return {(one.host, one.port): place for one in self.setting.routes if one.port in PROXIED}

    @property
    def tools(self) -> Mapping[str, str]:
        """Which mitmproxy, and what goes past it."""
        return {"mitmproxy": f"{self._version}; carries HTTP alone, so push streams go past it, uncounted"}

    def recordings(self) -> list[Recording]:
        """Give the flows."""
        return [Recording(capture=self.setting.folder / CAPTURE)]

    @property
    def _conf(self) -> Path:
        return self.setting.folder / "conf"

    async def __aenter__(self) -> Self:
        folder = self.setting.folder
        addon = folder / "addon.py"
        addon.write_text(ADDON, encoding="utf-8")
        places = [[list(key), list(place)] for key, place in direct(self.setting.routes).items()]
        (folder / MAP_FILE).write_text(json.dumps(places), encoding="utf-8")
        options = {
            "confdir": str(self._conf),
            "ssl_verify_upstream_trusted_ca": str(self.setting.ca_file),
            "connection_strategy": "lazy",
            "show_ignored_hosts": "true",
        }
        command = [str(self._mitmdump), "--mode", f"regular@{LOOPBACK}:{self._port}", "-s", str(addon)]
        command += ["-w", str(folder / CAPTURE)]
        for host in sorted(self.setting.pinned):
            command += ["--ignore-hosts", f"^{re.escape(host)}:"]
        for name, value in options.items():
            command += ["--set", f"{name}={value}"]
        self._version = await ask_version(self._mitmdump)
        self._program = await Program.start(command, folder / "mitmdump.log", "listening")
        self._clock = LiveClock(self.setting.begin)
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._program is not None:
            await self._program.finish(SETTLE_S, whole=exception[0] is None)


def _find() -> Path:
    return find_program("mitmdump", "PHONEHOME_MITMDUMP", "install mitmproxy in an environment of its own")
