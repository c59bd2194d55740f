"""The directory: which user lives in which region, and who should live where.

A small database that all regions reach. Changing one row of `homes` is the moment at which a user moves;
everything before it can be undone, everything after it can only be finished (see `mover.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from phonehome.lab.cloud.config import CloudConfig, Group, RegionName, ResidencyRule
from phonehome.lab.cloud.database import Database
from phonehome.lab.cloud.tables import erasures, homes, log_ins, names, rules
from phonehome.lab.cloud.tokens import Tokens
from phonehome.model.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a user lives, and the move under way, if any."""

    user_id: str
    country: str
    region: RegionName
    epoch: int
    moving_to: RegionName | None
    attempt: int
    committed: bool


class Directory:
    """Asks and changes the directory."""

    def __init__(self, database: Database, config: CloudConfig) -> None:
        self._database = database
        self._default = config.home
        self._regions = tuple(config.regions)
        self._tokens = Tokens(config.seed)

    def create(self) -> None:
        """Make the tables."""
        self._database.create()

    def scrub(self) -> None:
        """Overwrite what this process deleted since the last time."""
        self._database.scrub_if_written()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def place_of(self, group: Group, country: str) -> RegionName:
        """Give the region that serves people of a country."""
        found = self._database.read(
            lambda connection: connection.execute(
                select(rules.c.region)
                .where(rules.c.group == group.value, rules.c.country.in_((country, "*")))
                .order_by(rules.c.n)
                .limit(1)
            ).scalar_one_or_none()
        )
        return self._default if found is None else RegionName(found)

    def set_rules(self, new: Sequence[ResidencyRule]) -> None:
        """Replace the residency rules; users who live elsewhere stay there until they are moved.

        Raises:
            ConfigError: A rule names a region that there is not.
        """
        for rule in new:
            if rule.region not in self._regions:
                there = ", ".join(name.value for name in self._regions)
                raise ConfigError(
                    f"a rule says {rule.region.value}, and the lab's cloud has no such region; it has {there}"
                )
        rows = [(rule.group.value, country, rule.region.value) for rule in new for country in rule.countries]

        def work(connection: Connection) -> None:
            connection.execute(delete(rules))
            for n, (group, country, region) in enumerate(rows):
                connection.execute(insert(rules).values(n=n, group=group, country=country, region=region))

        self._database.write(work)

    def claim(self, kind: str, name: str, country: str) -> Home:
        """Give the user of that name, making one, in the region that the rules say, if there is none."""

        def work(connection: Connection) -> str:
            known = _find(connection, kind, name)
            if known is None:
                known = self._tokens.user_id(kind, name, _erasures(connection))
                region = place.value
                values = {"user_id": known, "kind": kind, "country": country, "region": region}
                connection.execute(insert(homes).values(**values, epoch=1, attempt=0, committed=False))
                connection.execute(insert(names).values(kind=kind, name=name, user_id=known))
            return known

        place = self.place_of(Group.PERSONAL, country)
        user_id = self._database.write(work)
        home = self.home(user_id)
        assert home is not None
        return home

    def assign_phone(self, user_id: str, phone: str) -> None:
        """Note whose number it is: the user's whose SIM was activated from it last. One user has one number."""

        def work(connection: Connection) -> None:
            either = or_(names.c.name == phone, names.c.user_id == user_id)
            connection.execute(delete(names).where(names.c.kind == "phone", either))
            connection.execute(insert(names).values(kind="phone", name=phone, user_id=user_id))

        self._database.write(work)

    def owns_phone(self, user_id: str, phone: str) -> bool:
        """Tell whether a number, which may have gone to another SIM meanwhile, is still the user's."""
        return self.find("phone", phone) == user_id

    def count_log_in(self) -> int:
        """Give the number of a log-in, from 0: no two of a cloud have the same, whoever was erased since."""

        def work(connection: Connection) -> int:
            count: int | None = connection.execute(
                update(log_ins).values(count=log_ins.c.count + 1).returning(log_ins.c.count)
            ).scalar_one_or_none()
            if count is None:
                count = 1
                connection.execute(insert(log_ins).values(count=count))
            return count - 1

        return self._database.write(work)

    def find(self, kind: str, name: str) -> str | None:
        """Give the user of a SIM digest, a log-in name or a phone number."""
        return self._database.read(lambda connection: _find(connection, kind, name))

    def home(self, user_id: str) -> Home | None:
        """Say where a user lives."""
        row = self._database.read(
            lambda connection: connection.execute(
                select(homes).where(homes.c.user_id == user_id)
            ).one_or_none()
        )
        return None if row is None else _home(row)

    def regions_of(self, user_ids: Sequence[str]) -> dict[str, RegionName]:
        """Say where users live, those that there are."""
        query = select(homes.c.user_id, homes.c.region).where(homes.c.user_id.in_(user_ids))
        return self._database.read(
            lambda connection: {row.user_id: RegionName(row.region) for row in connection.execute(query)}
        )

    def homes(self, *, region: RegionName | None = None, moving: bool = False) -> list[Home]:
        """List users, of a region, or those whose move is under way."""
        query = select(homes).order_by(homes.c.user_id)
        if region is not None:
            query = query.where(homes.c.region == region.value)
        if moving:
            query = query.where(homes.c.moving_to.is_not(None))
        return self._database.read(lambda connection: [_home(row) for row in connection.execute(query)])

    def begin_move(self, user_id: str, origin: RegionName, target: RegionName) -> int | None:
        """Note that a move begins; gives the number of this attempt, or None if the user is not free to move."""

        def work(connection: Connection) -> int | None:
            return connection.execute(
                update(homes)
                .where(homes.c.user_id == user_id, homes.c.region == origin.value)
                .where(homes.c.moving_to.is_(None))
                .values(moving_to=target.value, attempt=homes.c.attempt + 1, committed=False)
                .returning(homes.c.attempt)
            ).scalar_one_or_none()

        return self._database.write(work)

    def commit_move(self, home: Home) -> bool:
        """Change the user's region: the moment of the move. False if this attempt is no longer the one."""
        assert home.moving_to is not None
        target = home.moving_to.value
        return self._change(
            home,
            lambda connection: (
                connection.execute(
                    update(homes)
                    .where(homes.c.user_id == home.user_id, homes.c.attempt == home.attempt)
                    .where(homes.c.moving_to == target, homes.c.committed.is_(False))
                    .values(region=target, epoch=homes.c.epoch + 1, committed=True)
                ).rowcount
            ),
        )

    def finish_move(self, home: Home) -> bool:
        """Note that a committed move has nothing left to do."""
        return self._end(home, committed=True)

    def abandon_move(self, home: Home) -> bool:
        """Give up a move that is not committed; False if it is."""
        return self._end(home, committed=False)

    def remove(self, user_id: str) -> None:
        """Forget a user that was erased; whoever takes the name next is another user, with another number."""

        def work(connection: Connection) -> None:
            if not connection.execute(update(erasures).values(count=erasures.c.count + 1)).rowcount:
                connection.execute(insert(erasures).values(count=1))
            connection.execute(delete(names).where(names.c.user_id == user_id))
            connection.execute(delete(homes).where(homes.c.user_id == user_id))

        self._database.write(work)

    def _end(self, home: Home, *, committed: bool) -> bool:
        return self._change(
            home,
            lambda connection: (
                connection.execute(
                    update(homes)
                    .where(
                        and_(
                            homes.c.user_id == home.user_id,
                            homes.c.attempt == home.attempt,
                            homes.c.moving_to.is_not(None),
                            homes.c.committed.is_(committed),
                        )
                    )
                    .values(moving_to=None, committed=False)
                ).rowcount
            ),
        )

    def _change(self, home: Home, work: Callable[[Connection], int]) -> bool:
        return self._database.write(work) == 1


def _erasures(connection: Connection) -> int:
    found = connection.execute(select(erasures.c.count)).scalar_one_or_none()
    return 0 if found is None else found


def _find(connection: Connection, kind: str, name: str) -> str | None:
    return connection.execute(
        select(names.c.user_id).where(names.c.kind == kind, names.c.name == name)
    ).scalar_one_or_none()


def _home(row: Row[tuple[object, ...]]) -> Home:
    values = row._mapping
    return Home(
        user_id=values["user_id"],
        country=values["country"],
        region=RegionName(values["region"]),
        epoch=values["epoch"],
        moving_to=None if values["moving_to"] is None else RegionName(values["moving_to"]),
        attempt=values["attempt"],
        committed=values["committed"],
    )
