"""One region: what its web, push and background parts share, and where a user is served."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import RowMapping

from phonehome.lab.clock import LabClock
from phonehome.lab.cloud import residents
from phonehome.lab.cloud.config import CloudConfig, Group, RegionName
from phonehome.lab.cloud.database import Database, check_url
from phonehome.lab.cloud.deletions import region_key
from phonehome.lab.cloud.directory import Directory, Home
from phonehome.lab.cloud.folder import CONFIG_FILE
from phonehome.lab.cloud.heads import advance
from phonehome.lab.cloud.hub import Hub
from phonehome.lab.cloud.peers import Peers
from phonehome.lab.cloud.refusal import NO_SESSION, Reason, Refusal, log_refusal
from phonehome.lab.cloud.settling import ENDS_STREAM, apply, decide, unsettled
from phonehome.lab.cloud.tables import directory_metadata, region_metadata
from phonehome.lab.cloud.throttle import Throttle
from phonehome.lab.cloud.tokens import Tokens
from phonehome.lab.cloud.topology import Topology, read_topology

DIRECTORY = "directory"


class ElsewhereError(Exception):
    """Another region serves this."""

    def __init__(self, region: RegionName) -> None:
        super().__init__(region.value)
        self.region = region


class BusyError(Exception):
    """The user's data is changing place; the same request will work in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region's parts."""

    name: RegionName
    folder: Path
    config: CloudConfig
    topology: Topology
    database: Database
    directory: Directory
    clock: LabClock
    tokens: Tokens
    hub: Hub
    peers: Peers
    logins: Throttle
    strangers: Throttle
    """Of names that nobody has: guessing at them must not push out the tries at those that somebody has."""

    @property
    def delay_s(self) -> float:
        """How far away it is."""
        return self.config.regions[self.name].delay_ms / 1000

    def place(self, user_id: str) -> None:
        """Return if the user is served here; raise ElsewhereError, BusyError or a Refusal otherwise."""
        if self.database.read(lambda connection: residents.is_serving(connection, user_id)):
            return
        home = self.directory.home(user_id)
        if home is None:
            raise Refusal(Reason.UNAUTHENTICATED, NO_SESSION)
        if home.region != self.name:
            raise ElsewhereError(home.region)
        self.settle(user_id)
        row = self.database.read(lambda connection: residents.resident(connection, user_id))
        if row is None:
            raise Refusal(Reason.UNAUTHENTICATED, NO_SESSION)
        if row._mapping["state"] != residents.SERVING:
            raise BusyError(user_id)

    def settle(self, user_id: str) -> None:
        """Settle what a move left of a user here, if it left anything."""
        row = self.database.read(lambda connection: residents.resident(connection, user_id))
        if row is not None:
            self._settle(row._mapping, self.directory.home(user_id))

    def settle_all(self) -> int:
        """Settle whatever moves left here; gives how many rows."""
        rows = self.database.read(unsettled)
        # Only after the rows: an attempt that was over then is over for good.
        homes = {home.user_id: home for home in self.directory.homes()} if rows else {}
        return sum(self._settle(row, homes.get(row["user_id"])) for row in rows)

    def _settle(self, row: RowMapping, home: Home | None) -> bool:
        settlement = decide(row, home, self.name)
        if settlement is None:
            return False
        at = self.clock.seconds()
        done = self.database.write(
            lambda connection: apply(connection, row, settlement, at=at, region=self.name)
        )
        if done and settlement in ENDS_STREAM:
            self.hub.end(row["user_id"], ENDS_STREAM[settlement])
        return done

    def need_residency(self, group: Group, country: str) -> None:
        """Raise ElsewhereError unless people of this country are served here."""
        place = self.directory.place_of(group, country)
        if place != self.name:
            raise ElsewhereError(place)

    def log_refusal(self, refusal: Refusal, *, service: str, method: str, path: str) -> None:
        """Write a refusal into this region's log."""
        at = self.clock.seconds()
        self.database.write(
            lambda connection: log_refusal(
                connection, refusal, at=at, service=service, method=method, path=path
            )
        )

    def keep_head(self) -> None:
        """Keep the head of the log of deletions apart from the database."""
        key = region_key(self.folder, self.name.value)
        self.database.read(lambda connection: advance(connection, self.folder, self.name.value, key))

    def close(self) -> None:
        """Close connections."""
        self.peers.close()
        self.directory.close()
        self.database.close()


def read_config(folder: Path) -> CloudConfig:
    """Read the configuration that `start` wrote."""
    return CloudConfig.model_validate_json((folder / CONFIG_FILE).read_bytes())


def database_url(folder: Path, config: CloudConfig, name: str) -> str:
    """Give the URL of a region's database, or of the directory's; raise ConfigError if it is not of this machine."""
    url = config.database.format(folder=folder, name=name)
    check_url(url)
    return url


def open_directory(folder: Path, config: CloudConfig) -> Directory:
    """Open the directory."""
    database = Database(database_url(folder, config, DIRECTORY), directory_metadata, schema=DIRECTORY)
    return Directory(database, config)


def open_region(folder: Path, name: RegionName) -> Region:
    """Open a region of a cloud's folder, making its tables if they are not there."""
    config = read_config(folder)
    topology = read_topology(folder)
    database = Database(database_url(folder, config, name.value), region_metadata, schema=name.value)
    database.create()
    region_key(folder, name.value)
    return Region(
        name=name,
        folder=folder,
        config=config,
        topology=topology,
        database=database,
        directory=open_directory(folder, config),
        clock=LabClock(folder),
        tokens=Tokens(config.seed),
        hub=Hub(),
        peers=Peers(folder, topology),
        logins=Throttle(config.limits.logins_per_minute),
        strangers=Throttle(config.limits.logins_per_minute),
    )
