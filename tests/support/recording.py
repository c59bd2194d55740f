"""Records real traffic for tests and benchmarks: real clients, a real nginx, tcpdump between them.

A phone and a cloud are two network namespaces with a virtual cable between them (MTU 1500, segmentation and
checksum offloads off), so packets look as they do at a phone's gateway, and nothing leaves the machine: neither
namespace has another interface. The cloud's addresses are of the ranges kept for documentation. Needs root and
the programs in `TOOLS`; `why_not` says what is missing.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("ip", "ethtool", "tcpdump", "nginx", "curl", "openssl")
PHONE_ADDRESS = "192.168.7.20"
CLOUD_ADDRESSES = tuple(f"198.51.100.{last}" for last in range(1, 33))
PHONE_ADDRESS_6 = "2001:db8:7::20"
CLOUD_ADDRESS_6 = "2001:db8:c::1"
CLEAR_PORT, TLS_PORT, H2C_PORT, WEBSOCKET_PORT = 80, 443, 8080, 8765
START_SECONDS = 10
"""How long a server or tcpdump may take until it is ready."""

_OFFLOADS = ("tso", "gso", "gro", "tx", "rx")
_DROPPED = re.compile(r"(\d+) packets? dropped by kernel")


class RecordingError(RuntimeError):
    """A program that takes part in a recording did not do what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Two namespaces and the cable; `phone_link` is the interface on which a gateway would record."""

    phone: str
    cloud: str
    phone_link: str

    def on_phone(self, *command: str) -> list[str]:
        """The command as run on the phone."""
        return ["ip", "netns", "exec", self.phone, *command]

    def on_cloud(self, *command: str) -> list[str]:
        """The command as run in the cloud."""
        return ["ip", "netns", "exec", self.cloud, *command]


def why_not() -> str | None:
    """Why nothing can be recorded here; None if it can."""
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        return f"recording needs {', '.join(missing)}; `make packages` installs them"
    if os.geteuid() != 0:
        return "recording needs root, for network namespaces and tcpdump"
    probe = f"phonehome-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", probe], check=False)
    return None


@contextmanager
def network() -> Iterator[Network]:
    """Make the two namespaces; they and all that is in them go at the end."""
    tag = os.getpid()
    net = Network(phone=f"phonehome-p{tag}", cloud=f"phonehome-c{tag}", phone_link="wlan0")
    try:
        for name in (net.phone, net.cloud):
            _run(["ip", "netns", "add", name])
        _lay_cable(net)
        yield net
    finally:
        for name in (net.phone, net.cloud):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _lay_cable(net: Network) -> None:
    link = ["type", "veth", "peer", "name", "eth0", "netns", net.cloud]
    _run(["ip", "-n", net.phone, "link", "add", net.phone_link, *link])
    for wrap, name, dev in ((net.on_phone, net.phone, net.phone_link), (net.on_cloud, net.cloud, "eth0")):
        _run(wrap("ethtool", "-K", dev, *(word for feature in _OFFLOADS for word in (feature, "off"))))
        _run(["ip", "-n", name, "link", "set", "lo", "up"])
        _run(["ip", "-n", name, "link", "set", dev, "up"])
    # nodad: an IPv6 address is otherwise unusable for a second or two while neighbours could object to it.
    for name, dev, text in (
        (net.phone, net.phone_link, f"{PHONE_ADDRESS}/24"),
        (net.phone, net.phone_link, f"{PHONE_ADDRESS_6}/64"),
        *((net.cloud, "eth0", f"{address}/24") for address in CLOUD_ADDRESSES),
        (net.cloud, "eth0", f"{CLOUD_ADDRESS_6}/64"),
    ):
        quick = ["nodad"] if ":" in text else []
        _run(["ip", "-n", name, "address", "add", text, "dev", dev, *quick])
    for name, dev in ((net.phone, net.phone_link), (net.cloud, "eth0")):
        _run(["ip", "-n", name, "route", "add", "default", "dev", dev])
        _run(["ip", "-n", name, "-6", "route", "add", "default", "dev", dev])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RecordingError(f"{' '.join(command[:8])}… ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def record(net: Network, capture: Path, *, options: Sequence[str] = ()) -> Iterator[None]:
    """Record what passes the phone's interface into a pcap; an error if the kernel dropped a packet.

    Args:
        options: More of tcpdump's, such as `-s 96`.
    """
    # Not in blocks: what stands in an unfinished block is lost when tcpdump is told to end.
    command = net.on_phone("tcpdump", "--immediate-mode", "-i", net.phone_link, "-w", str(capture), "-U")
    log = capture.with_suffix(".tcpdump")
    with log.open("wb") as errors:
        process = subprocess.Popen([*command, "-n", "-Z", "root", "-B", "65536", *options], stderr=errors)
    try:
        _wait_for(lambda: "listening on" in log.read_text(), "tcpdump", process)
        yield
        _wait_until_quiet(capture)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)
    dropped = _DROPPED.search(log.read_text())
    if dropped is None or dropped[1] != "0":
        raise RecordingError(f"tcpdump lost packets: {log.read_text().strip()}")
    log.unlink()


def _wait_until_quiet(capture: Path) -> None:
    """Wait for the last packets: until the file has not grown for a moment."""
    size = -1
    while size != (size := capture.stat().st_size):
        time.sleep(0.25)


def _wait_for(ready: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise RecordingError(f"{what} did not start")
        time.sleep(0.02)


@contextmanager
def serve(command: Sequence[str], ready: Path) -> Iterator[None]:
    """Run a server of the test's own until the end; it says that it listens by making the file `ready`."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(ready.exists, Path(command[-1]).name, process)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)
