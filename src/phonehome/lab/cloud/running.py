"""A whole cloud: prepared in a folder, started as processes or in threads, killed, restarted, stopped."""

import asyncio
import json
import os
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

from phonehome.lab.certificates import CA_FILE, Authority
from phonehome.lab.clock import LabClock, set_clock
from phonehome.lab.cloud.config import CloudConfig, Group, RegionName, ResidencyRule
from phonehome.lab.cloud.deletions import Attestation, check, region_key
from phonehome.lab.cloud.directory import Directory
from phonehome.lab.cloud.folder import CONFIG_FILE, check_own, claim, clear
from phonehome.lab.cloud.heads import START, read_head, sign_head, write_head
from phonehome.lab.cloud.hosts import PREFIXES, SERVICES, SERVICES_BY_NAME
from phonehome.lab.cloud.loop import run
from phonehome.lab.cloud.mover import Moved, Mover, recover_patiently
from phonehome.lab.cloud.peers import Peers, make_token
from phonehome.lab.cloud.region import DIRECTORY, database_url, open_directory
from phonehome.lab.cloud.serving import serve_region
from phonehome.lab.cloud.topology import Endpoint, Topology, plan, read_topology
from phonehome.lab.processes import START_SECONDS, STOP_SECONDS, Child, ChildError

Mode = Literal["processes", "threads"]
LABEL = "reconstruction: a cloud of the lab's own making, not the vendor's"


class _ThreadServer:
    """A region in a thread of this process: quick to start, cannot be killed."""

    def __init__(self, folder: Path, name: RegionName) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(folder, name), daemon=True)
        self._thread.start()

    def wait_ready(self) -> None:
        self._ready.wait(START_SECONDS)
        if self._failure is not None or not self._ready.is_set():
            raise ChildError(f"a server of the lab did not start: {self._failure!r}") from self._failure

    def ask_to_stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(STOP_SECONDS)

    def _run(self, folder: Path, name: RegionName) -> None:
        async def serve() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            await serve_region(folder, name, stop=self._stop, ready=self._ready.set)

        try:
            run(serve())
        except BaseException as error:  # noqa: BLE001  told to whoever waits
            self._failure = error
            self._ready.set()


class Cloud:
    """A running cloud. Use it as a context manager: leaving it stops every server."""

    def __init__(self, folder: Path, config: CloudConfig, mode: Mode) -> None:
        self.folder = folder
        self.config = config
        self.topology: Topology = read_topology(folder)
        self.clock = LabClock(folder)
        self._mode = mode
        self._servers: dict[RegionName, Child | _ThreadServer] = {}
        self.held: int | None = None
        """The descriptor that keeps other clouds from the folder while this one is open."""
        self.directory: Directory = open_directory(folder, config)
        self._peers = Peers(folder, self.topology)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every service of every region: host, protocol, loopback address and port."""
        return self.topology.endpoints

    @property
    def ca_file(self) -> Path:
        """The certificate that clients have to trust."""
        return self.folder / CA_FILE

    def client_context(self) -> ssl.SSLContext:
        """Give a TLS context that trusts this cloud and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def resolve(self, host: str, scheme: Literal["http", "https", "push"]) -> Endpoint:
        """Give where a host name leads in this lab; the plain names lead to the home region."""
        for endpoint in self.endpoints:
            if endpoint.host == host and endpoint.protocol == scheme:
                return endpoint
        for endpoint in self.topology.of(self.config.home):
            if SERVICES_BY_NAME[endpoint.service].host == host and endpoint.protocol == scheme:
                return endpoint
        raise LookupError(f"no service of the lab's cloud is called {host} over {scheme}")

    def start(self, *regions: RegionName) -> None:
        """Start regions, all of them if none is named, and wait until they answer."""
        names = regions or tuple(self.config.regions)
        for name in names:
            self._servers[name] = self._server(name)
        for name in names:
            self._servers[name].wait_ready()

    def pid(self, region: RegionName) -> int:
        """Give the process id of a region."""
        return self._child(region).pid

    def kill(self, region: RegionName) -> None:
        """End a region with SIGKILL."""
        self._child(region).kill()

    def restart(self, region: RegionName) -> None:
        """Start a region again, on the same addresses and the same database."""
        server = self._servers.pop(region, None)
        if server is not None:
            server.stop()
        self.start(region)

    def set_time(self, moment: Any, *, speed: float | None = None) -> None:
        """Set the clock of all regions to a moment (a datetime with a zone)."""
        set_clock(self.folder, moment, speed=self.config.clock_speed if speed is None else speed)

    def send_sms(self, *, sender: str, text: str, country: str, imsi: str | None = None) -> None:
        """Bring an SMS to the vendor's short code, as a carrier does."""
        data = {"sender": sender, "text": text, "country": country, "imsi": imsi}
        sim = text.split("/")[2] if text.count("/") == 3 else ""
        known = self.directory.find("sim", sim)
        home = None if known is None else self.directory.home(known)
        region = self.directory.place_of(Group.PERSONAL, country) if home is None else home.region
        self.control(region, "/control/sms", data)

    def control(
        self, region: RegionName, path: str, data: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """Call a region's control address."""
        return self._peers.call(region, path, data)

    def refusals(self, region: RegionName) -> list[dict[str, Any]]:
        """Give the log of what a region refused."""
        found: list[dict[str, Any]] = self.control(region, "/control/refusals")["refusals"]
        return found

    def deletions(self, region: RegionName) -> Attestation:
        """Give a region's signed log of deletions; `check_deletions` verifies it, as does `deletions.check`."""
        answer = self.control(region, "/control/deletions")
        return cast(Attestation, answer)

    def check_deletions(self, region: RegionName) -> str | None:
        """Say what is wrong with a region's log of deletions, held against the head that the folder keeps."""
        kept = read_head(self.folder, region.value)
        return (
            "the head that the folder kept is gone"
            if kept is None
            else check(self.deletions(region), kept=kept)
        )

    def residents(self, region: RegionName) -> dict[str, dict[str, Any]]:
        """Give whom a region serves, or did: state, epoch and number of rows, by user."""
        return {row["user_id"]: row for row in self.control(region, "/control/residents")["residents"]}

    def enforce_retention(self, region: RegionName) -> dict[str, Any]:
        """Delete now what is over its time; regions also do so by themselves."""
        return self.control(region, "/control/retention")

    def set_residency(self, rules: Sequence[ResidencyRule]) -> None:
        """Change who is to be served where; who lives elsewhere stays until moved."""
        self.directory.set_rules(rules)

    def mover(self, *, before_step: Callable[[str, str], None] | None = None) -> Mover:
        """Give a mover of users; `before_step` is called with each step's name and the user."""
        return Mover(self.directory, self._peers, before_step=before_step)

    def migrate(
        self,
        origin: RegionName,
        target: RegionName,
        *,
        countries: Sequence[str] | None = None,
    ) -> Moved:
        """Move users from region to region, one phase, from this process."""
        return self.mover().move(origin, target, countries=countries)

    def start_migration(
        self, origin: RegionName, target: RegionName, *, countries: Sequence[str] = ()
    ) -> Child:
        """Move users from a process of its own, which may be killed."""
        arguments = [str(self.folder), "move", origin.value, target.value, *countries]
        child = Child("phonehome.lab.cloud.mover_process", arguments, log=self.folder / "mover.log")
        child.wait_ready()
        return child

    def recover_migration(self, *, give_up: bool = False, seconds: float = 30.0) -> Moved:
        """Go on with moves that were interrupted, or give up those that are not committed."""
        return recover_patiently(self.mover(), seconds=seconds, give_up=give_up)

    def stop(self) -> None:
        """Stop every server."""
        for server in self._servers.values():
            server.ask_to_stop()
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def close(self) -> None:
        """Stop, and close what this object holds."""
        self.stop()
        self._peers.close()
        self.directory.close()
        if self.held is not None:
            os.close(self.held)
            self.held = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _server(self, name: RegionName) -> Child | _ThreadServer:
        if self._mode == "threads":
            return _ThreadServer(self.folder, name)
        return Child(
            "phonehome.lab.cloud.process",
            [str(self.folder), name.value],
            log=self.folder / f"{name.value}.log",
        )

    def _child(self, region: RegionName) -> Child:
        server = self._servers[region]
        if not isinstance(server, Child):
            raise TypeError("regions in threads have no process of their own; start with mode='processes'")
        return server


def prepare(folder: Path, config: CloudConfig) -> None:
    """Make a cloud's folder: configuration, clock, addresses, certificates, token, directory."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / CONFIG_FILE).write_text(config.model_dump_json(by_alias=True, indent=1))
    (folder / "README").write_text(f"{LABEL}\n")
    set_clock(folder, config.start, speed=config.clock_speed)
    plan(tuple(config.regions)).write(folder)
    make_token(folder)
    authority = Authority()
    authority.write(folder)
    plain = [service.host for service in SERVICES]
    for region in config.regions:
        names = [PREFIXES[region] + host for host in plain] if PREFIXES[region] else []
        kind = "rsa" if config.tls_minimum == "1.0" else "ec"
        authority.issue(folder, region.value, [*names, *plain], kind=kind)
        write_head(folder, sign_head(region.value, 0, START, region_key(folder, region.value)))
    directory = open_directory(folder, config)
    directory.create()
    directory.set_rules(config.residency)
    directory.close()


def start(
    folder: Path, config: CloudConfig | None = None, *, mode: Mode = "processes", fresh: bool = True
) -> Cloud:
    """Start a cloud.

    Args:
        folder: Where its databases, certificates and logs live; private to the user.
        config: What it is to be like; None: the vendor's of July 2014.
        mode: `processes`: each region is one and may be killed; `threads`: quick, in this process.
        fresh: Begin anew (what a cloud left in the folder is deleted); False: go on with what is in the folder, on the
            same addresses.

    Returns:
        The running cloud.

    Raises:
        ConfigError: The folder holds something else, a cloud is running from it, or the database is not of this
            machine.
    """
    config = CloudConfig() if config is None else config
    database_url(folder, config, DIRECTORY)
    if fresh:
        folder.mkdir(parents=True, exist_ok=True)
        check_own(folder)
    with ExitStack() as undoing:
        held = claim(folder)
        undoing.callback(os.close, held)
        if fresh:
            clear(folder)
            prepare(folder, config)
        else:
            config = CloudConfig.model_validate(json.loads((folder / CONFIG_FILE).read_bytes()))
        cloud = Cloud(folder, config, mode)
        cloud.held = held
        undoing.pop_all()  # closed with the cloud from here on
    try:
        cloud.start()
    except BaseException:
        cloud.close()
        raise
    return cloud
