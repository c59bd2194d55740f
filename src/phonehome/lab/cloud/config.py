"""What a cloud is to be like: regions, rules, limits, retention, seed and start time.

Written as `cloud.json` into the cloud's folder, where every region's process reads it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator


class RegionName(StrEnum):
    """The places where the vendor has servers."""

    BEIJING = "beijing"
    OREGON = "oregon"
    CALIFORNIA = "california"
    SINGAPORE = "singapore"


class Group(StrEnum):
    """Services that move together."""

    PERSONAL = "personal"
    """Accounts, messaging, backup: what belongs to a user."""
    COMMERCE = "commerce"
    """The store."""
    PUBLIC = "public"
    """Updates, weather, analytics: no user's data, served wherever asked."""


Country = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|\*)$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RegionConfig(_Model):
    """One region."""

    delay_ms: float = Field(default=0, ge=0, le=5_000)
    """A round trip to it and back: the distance."""


class ResidencyRule(_Model):
    """Users of these countries are served there; the first rule that fits holds."""

    group: Group
    countries: tuple[Country, ...]
    """ISO 3166 two-letter codes; `*` is every country."""
    region: RegionName


class Limits(_Model):
    """Bounds on what a client may send; beyond them it is refused as oversized, or throttled."""

    body_bytes: int = 1 << 20
    photo_bytes: int = 8 << 20
    parameters: int = 64
    message_characters: int = 4_000
    mms_bytes: int = 24 << 10
    """The picture of an MMS; a stanza of the push stream has room for it, sealed, beside the longest text."""
    item_bytes: int = 64 << 10
    changes: int = 500
    items_per_type: int = 50_000
    waiting_messages: int = 10_000
    logins_per_minute: int = 20
    streams: int = 1_000


class Retention(_Model):
    """How long the server keeps what, in seconds of the lab's clock."""

    undelivered_s: float = 7 * 86_400
    """A message that nobody fetched; then it is deleted and its sender told to use an SMS."""
    settled_s: float = 30 * 86_400
    """Identifiers (no content) of messages that are done with and answers to idempotency keys."""
    replay_window_s: float = 900
    """A sealed request is refused when its time differs by more; its nonce is kept that long."""
    session_s: float = 90 * 86_400
    backup_after_withdrawal_s: float = 0
    """0: what was backed up is deleted in the transaction that records the withdrawal."""
    deleted_items_s: float = 90 * 86_400
    """Ids (no content) of items deleted from a backup; a handset that was away for longer starts again."""
    refusals_s: float = 90 * 86_400


class CloudConfig(_Model):
    """A cloud; the defaults are the vendor's of July 2014: everything in Beijing, messaging on by itself."""

    schema_: Literal["phonehome.lab-cloud/1"] = Field(default="phonehome.lab-cloud/1", alias="schema")
    seed: int = 1
    """Tokens, keys, identifiers and generated content follow from it. It is no secret: this is a lab."""
    start: datetime | None = None
    """What the clock says at the start; None: this machine's time."""
    clock_speed: float = Field(default=1.0, ge=0)
    regions: dict[RegionName, RegionConfig] = Field(
        default_factory=lambda: {name: RegionConfig() for name in RegionName}
    )
    database: str = "sqlite:///{folder}/{name}.sqlite"
    """SQLAlchemy's URL. `{folder}` and `{name}` (a region, or `directory`) are filled in; a PostgreSQL database
    may be shared by all: each has a schema of its name."""
    residency: tuple[ResidencyRule, ...] = ()
    home: RegionName = RegionName.BEIJING
    """Where users live for whom no rule says otherwise."""
    messaging_default_on: bool = True
    """Whether an activation of the factory build counts before anybody was asked. Off: opt-in for all."""
    tls_minimum: Literal["1.0", "1.2"] = "1.2"
    server_keylog: bool = False
    """Each region writes the secrets of its TLS connections to REGION.keys in the folder."""
    limits: Limits = Limits()
    retention: Retention = Retention()
    retention_every_s: float = Field(default=30.0, gt=0)
    """How often, by this machine's clock, a region deletes what is over its time."""

    @model_validator(mode="after")
    def _regions_are_there(self) -> Self:
        for place in (self.home, *(rule.region for rule in self.residency)):
            if place not in self.regions:
                raise ValueError(
                    f"users are to live in {place.value}, which is none of the regions: "
                    + ", ".join(name.value for name in self.regions)
                )
        return self


FAR = {
    RegionName.BEIJING: RegionConfig(delay_ms=120),
    RegionName.OREGON: RegionConfig(delay_ms=90),
    RegionName.CALIFORNIA: RegionConfig(delay_ms=85),
    RegionName.SINGAPORE: RegionConfig(delay_ms=30),
}
"""Delays as a handset in India might see them; for scenarios of the migration. Invented, not measured."""
