"""Ways to record the handset, each a file: the tap, mitmproxy, tcpdump."""

from collections.abc import Mapping

from phonehome.lab.recorders.base import Recorder, Setting
from phonehome.lab.recorders.mitmproxy import MitmproxyRecorder
from phonehome.lab.recorders.tap import TapRecorder
from phonehome.lab.recorders.tcpdump import TcpdumpRecorder

RECORDERS: Mapping[str, type[Recorder]] = {
    "tap": TapRecorder,
    "mitmproxy": MitmproxyRecorder,
    "tcpdump": TcpdumpRecorder,
}

__all__ = ["RECORDERS", "Recorder", "Setting"]
