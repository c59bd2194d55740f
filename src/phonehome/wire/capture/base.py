"""What a capture file gives: windows of packets as columns, and what stands beside the packets."""

from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.columns import Column

MAX_PACKET_BYTES = 1 << 20
"""A record said to be longer is taken for damage. Packets joined by the kernel ("big TCP") reach 512 KiB."""

MAX_WINDOW_PACKETS = 1 << 18
"""How many packets one window holds, so that a file of tiny records needs no more memory than another."""

MAX_APPS = 1 << 16
"""How many different apps a capture may name; later ones stay unnamed."""

MAX_INTERFACES = 1 << 16
"""How many interfaces a section may describe; packets of later ones are not read."""


class ByteStream(Protocol):
    """Bytes to read once, forward."""

    def read(self, size: int = -1, /) -> bytes:
        """Read `size` bytes; fewer only at the end of the stream, none behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Where packets were recorded.

    Attributes:
        link: The link type, as in the tcpdump.org registry (1 is Ethernet).
        name: Its name, where the recording gives one.
        snap_length: How many bytes of a packet it kept at most; 0 is no limit.
        units: Time stamps count this many a second.
        offset: Seconds to add to its time stamps.
        check_bytes: Length of the frame check sequence behind each packet.
    """

    link: int
    name: str | None = None
    snap_length: int = 0
    units: int = 1_000_000
    offset: int = 0
    check_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app that a packet belongs to, as the recording says it.

    Attributes:
        uid: Its user ID on Android, from PCAPdroid; None where the recording has only a name.
        package: Its package, from PCAPdroid's pcapng files.
        name: Its name: PCAPdroid's trailers keep 20 bytes of it; of Apple's packet taps it is the process's.
    """

    uid: int | None = None
    package: str | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """How to call it: the package where it is known, for a name can be anybody's."""
        return self.package or self.name or f"uid {self.uid}"


class Apps:
    """The apps that a capture named so far; indexes stay valid to its end."""

    __slots__ = ("_index", "known")

    def __init__(self) -> None:
        self.known: list[App] = []
        self._index: dict[int | str | None, int] = {}

    def describe(self, app: App) -> int:
        """Learn an app, and give its index; −1 when `MAX_APPS` are known already.

        Of an app whose names are known already they stay, as PCAPdroid itself has it.
        """
        key = app.name if app.uid is None else app.uid
        index = self._index.get(key)
        if index is None:
            if len(self.known) >= MAX_APPS:
                return -1
            index = self._index[key] = len(self.known)
            self.known.append(app)
        elif self.known[index] == App(uid=app.uid):
            self.known[index] = app
        return index


class Carried:
    """What runs on from one file of a recording to the next.

    Attributes:
        number: Number of the last packet so far, as Wireshark counts; 0 for none.
        apps: The apps that the recording named so far.
    """

    __slots__ = ("apps", "number")

    def __init__(self) -> None:
        self.number = 0
        self.apps = Apps()


class Window:
    """A stretch of a capture that holds whole records.

    Attributes:
        buffer: The stretch.
        start: Of each packet, where in the buffer it begins.
        captured: How many bytes of it were kept.
        original: How many bytes it had on the wire; never less than `captured`.
        time: Nanoseconds since the epoch.
        interface: Index into `interfaces`.
        interfaces: Where packets were recorded.
        number: The packet's number in the file, from 1, as Wireshark counts.
        apps: The apps named so far, shared by all windows of a capture.
        app: Index into `apps.known`, −1 for none; None where the file's format names no apps.
    """

    __slots__ = (
        "app",
        "apps",
        "buffer",
        "captured",
        "interface",
        "interfaces",
        "number",
        "original",
        "start",
        "time",
    )

    def __init__(
        self,
        *,
        buffer: bytes,
        start: Column,
        captured: Column,
        original: Column,
        time: Column,
        interface: NDArray[np.int32],
        interfaces: tuple[Interface, ...],
        number: Column,
        apps: Apps,
        app: NDArray[np.int32] | None = None,
    ) -> None:
        self.buffer = buffer
        self.start = start
        self.captured = captured
        self.original = original
        self.time = time
        self.interface = interface
        self.interfaces = interfaces
        self.number = number
        self.apps = apps
        self.app = app

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """A decryption secrets block.

    Attributes:
        kind: What the secrets are (`TLSK`, a TLS key log, is 0x544c534b).
        data: The secrets, as stored.
    """

    kind: int
    data: bytes = field(repr=False)

    @property
    def is_tls_key_log(self) -> bool:
        """Tell whether the data is the text of a TLS key log."""
        return self.kind == TLS_KEY_LOG


TLS_KEY_LOG = 0x544C534B


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """A name that the recording gives to an address: 4 or 16 bytes."""

    address: bytes
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something in the file that could not be read.

    Attributes:
        reason: What was wrong and what became of it; names no captured value.
        offset: Where in the file, in bytes.
        packet: Number of the last packet read before it, 0 for none.
        ended: Whether nothing behind it was read.
    """

    reason: str
    offset: int
    packet: int
    ended: bool = False


CaptureItem: TypeAlias = Window | Secrets | Names | Fault
