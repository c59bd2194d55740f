"""Moves users from one region to another while they use the service.

For each user: note the move in the directory · copy, then catch up, while the origin serves · freeze the origin ·
copy the rest · compare digests · change the directory (the moment of the move) · let the target serve ·
delete at the origin · note that the move is over.

Every step may be repeated, and the directory says how far a move came. So a mover, or a region, that was killed
leaves either an uncommitted move, which `recover` goes on with or gives up, or a committed one, which it
finishes. The origin serves again only after the directory refused the commit, the target serves only after it was
made: at no time do both. What stands in a region for a move that is over (a copy, a freeze) is the region's to settle
(`settling.py`), and `recover` asks all of them to.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.directory import Directory, Home
from phonehome.lab.cloud.peers import PeerError, Peers
from phonehome.model.errors import ConfigError

CATCH_UP_ROUNDS = 20
"""A user who writes faster than we copy is frozen after so many rounds with little left, not never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How the moves of a phase ended."""

    moved: int = 0
    given_up: int = 0
    left: int = 0
    """Not finished, because a region did not answer: for `recover`."""

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(
            moved=self.moved + other.moved,
            given_up=self.given_up + other.given_up,
            left=self.left + other.left,
        )


class DigestMismatchError(Exception):
    """Origin and target do not hold the same: the move must not be committed."""


class Mover:
    """Moves users of one cloud."""

    def __init__(
        self, directory: Directory, peers: Peers, *, before_step: Callable[[str, str], None] | None = None
    ) -> None:
        self._directory = directory
        self._peers = peers
        self._before_step = before_step or (lambda step, user_id: None)

    def move(
        self, origin: RegionName, target: RegionName, *, countries: Iterable[str] | None = None
    ) -> Moved:
        """Move the users of some countries, or all, one after another: one phase of a migration."""
        for region in (origin, target):
            if not self._peers.knows(region):
                raise ConfigError(
                    f"the lab's cloud has no region {region.value}: name one that it was started with"
                )
        wanted = None if countries is None else set(countries)
        result = Moved()
        for home in self._directory.homes(region=origin):
            if wanted is None or home.country in wanted:
                result += self.move_user(home.user_id, origin, target)
        return result

    def move_user(self, user_id: str, origin: RegionName, target: RegionName) -> Moved:
        """Move one user; does nothing if the user is not there, or already being moved."""
        self._before_step("begin", user_id)
        attempt = self._directory.begin_move(user_id, origin, target)
        home = self._directory.home(user_id)
        if attempt is None or home is None:
            return Moved()
        return self._go_on(home)

    def recover(self, *, give_up: bool = False) -> Moved:
        """Go on with every move that was interrupted, or give up those not committed; settle what others left."""
        result = Moved()
        for home in self._directory.homes(moving=True):
            if give_up and not home.committed:
                result += self._give_up(home)
            else:
                result += self._go_on(home)
        return result + self._settle(RegionName, {})

    def _go_on(self, home: Home) -> Moved:
        try:
            if not home.committed:
                home = self._copy_and_commit(home)
            self._finish(home)
        except DigestMismatchError:
            return self._give_up(home)
        except PeerError:
            return Moved(left=1)
        return Moved(moved=1)

    def _copy_and_commit(self, home: Home) -> Home:
        origin, target = home.region, home.moving_to
        assert target is not None
        user = {"user_id": home.user_id, "attempt": home.attempt}
        self._step(home, "hold", origin, user)
        last = self._copy(home, after=0, rounds=CATCH_UP_ROUNDS)
        frozen = self._step(home, "freeze", origin, user)
        if frozen["rev"] is None:
            raise DigestMismatchError(home.user_id)
        self._copy(home, after=last, rounds=None)  # at least once: the last number goes along
        there = self._step(home, "digest", target, user)["digest"]
        if self._step(home, "digest", origin, user)["digest"] != there:
            raise DigestMismatchError(home.user_id)
        self._before_step("commit", home.user_id)
        if not self._directory.commit_move(home):
            raise DigestMismatchError(home.user_id)
        return replace(home, region=target, epoch=home.epoch + 1, committed=True)

    def _copy(self, home: Home, *, after: int, rounds: int | None) -> int:
        """Copy changes after one; with a number of rounds, as often; without, to the end. Gives the last copied."""
        assert home.moving_to is not None
        last, fresh, count = after, after == 0, 0
        while True:
            page = self._step(home, "export", home.region, {"user_id": home.user_id, "after": last})
            rows = page["rows"]
            if rows or fresh or rounds is None:
                arguments = {
                    "user_id": home.user_id,
                    "rows": rows,
                    "epoch": home.epoch + 1,
                    "attempt": home.attempt,
                    "rev": page["rev"],
                    "fresh": fresh,
                }
                if not self._step(home, "import", home.moving_to, arguments)["taken"]:
                    raise DigestMismatchError(home.user_id)
            last, fresh, count = page["last"], False, count + 1
            if not page["more"] and (rounds is None or not rows or count >= rounds):
                return int(last)

    def _finish(self, home: Home) -> None:
        """Do what is left of a committed move; which region was the origin stands in neither row, so ask all."""
        user = {"user_id": home.user_id, "attempt": home.attempt, "epoch": home.epoch}
        self._step(home, "serve", home.region, user)
        for region in RegionName:
            if region != home.region and self._peers.knows(region):
                self._step(home, "release", region, user)
        self._before_step("finish", home.user_id)
        self._directory.finish_move(home)

    def _give_up(self, home: Home) -> Moved:
        """Undo a move that is not committed; the directory is asked first, so that no commit can follow."""
        self._before_step("give-up", home.user_id)
        assert home.moving_to is not None
        given_up = int(self._directory.abandon_move(home))
        if not given_up:
            current = self._directory.home(home.user_id)
            if current is not None and current.committed and current.attempt == home.attempt:
                return self._go_on(current)  # another mover was faster
            # Given up by another, or erased by the user meanwhile: what is left is for the regions to settle.
            given_up = int(current is None)
        settled = self._settle((home.region, home.moving_to), {"user_id": home.user_id})
        return Moved(given_up=given_up) + settled

    def _settle(self, regions: Iterable[RegionName], data: Mapping[str, object]) -> Moved:
        """Have regions settle what they hold of a user, or of all; those that do not answer have it left."""
        left = 0
        for region in regions:
            if self._peers.knows(region):
                self._before_step("settle", str(data.get("user_id", "")))
                try:
                    self._peers.call(region, "/internal/move/settle", data)
                except PeerError:
                    left += 1
        return Moved(left=left)

    def _step(self, home: Home, step: str, region: RegionName, data: Mapping[str, object]) -> dict[str, Any]:
        self._before_step(step, home.user_id)
        return self._peers.call(region, f"/internal/move/{step}", data)


def recover_patiently(mover: Mover, *, seconds: float = 30.0, give_up: bool = False) -> Moved:
    """Recover until no move is left, as regions come back one after another."""
    end, total = time.monotonic() + seconds, Moved()
    while True:
        result = mover.recover(give_up=give_up)
        total = replace(total + result, left=result.left)
        if not result.left or time.monotonic() > end:
            return total
        time.sleep(0.2)
