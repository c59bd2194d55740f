"""The tables of a region and of the directory.

Everything that belongs to a user carries `user_id` and `rev`, the number of the user's change that wrote it:
that is what a migration copies, and by which it catches up. Times are seconds since 1970 by the lab's clock.
"""

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

region_metadata = MetaData()
directory_metadata = MetaData()


def _owned(name: str, *columns: Column[object]) -> Table:
    return Table(
        name,
        region_metadata,
        Column("user_id", String, primary_key=True),
        *columns,
        Column("rev", Integer, nullable=False, index=True),
    )


residents = Table(
    "residents",
    region_metadata,
    Column("user_id", String, primary_key=True),
    Column("state", String, nullable=False),  # serving, frozen, staged, moved
    Column("epoch", Integer, nullable=False),  # counts the user's moves
    Column("attempt", Integer, nullable=False, default=0),  # of which try to move the state is
    Column("held", Boolean, nullable=False, default=False),  # being copied: nothing is purged
    Column("rev", Integer, nullable=False, default=0),
)

users = _owned(
    "users",
    Column("kind", String, nullable=False),  # sim, account
    Column("name", String, nullable=False),  # H(simId), or the log-in name
    Column("phone", String),
    Column("imsi", String),
    Column("country", String, nullable=False),
    Column("password", String),
    Column("activated_by", String),  # of a SIM: the kind of build that spoke for it (factory, update)
    Column("created_at", Float, nullable=False),
)
sessions = _owned(
    "sessions",
    Column("token", String, primary_key=True),  # its SHA-256
    Column("security", LargeBinary, nullable=False),
    Column("device", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
)
consents = _owned(
    "consents",
    Column("service", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("state", String, nullable=False),
    Column("shown", Text),
    Column("at", Float, nullable=False),
)
receipts = _owned(
    "receipts",
    Column("key", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Float, nullable=False),
)
nonces = _owned(
    "nonces",
    Column("nonce", String, primary_key=True),
    Column("request", String, nullable=False),  # which use of it, for one that is tried again
    Column("at", Float, nullable=False),
)
WAITING, DELIVERED, DROPPED, SETTLING, RETURNED, DONE = (
    *("waiting", "delivered", "dropped"),
    *("settling", "returned", "done"),
)
"""States of a message; it waits in an inbox or an outbox, ends as delivered or dropped in the one, and in the other is
settled (it is being asked whether it arrived), returned or done."""
inbox = _owned(
    "inbox",
    Column("message_id", String, primary_key=True),
    Column("seq", Integer, nullable=False),  # order of delivery
    Column("kind", String, nullable=False),  # message, notice
    Column("sender", String, nullable=False),
    Column("sender_phone", String),
    Column("body", Text),
    Column("state", String, nullable=False),  # waiting, delivered, dropped
    Column("at", Float, nullable=False),
)
outbox = _owned(
    "outbox",
    Column("message_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("receiver", String, nullable=False),
    Column("sender_phone", String),
    Column("body", Text),
    Column("state", String, nullable=False),  # waiting, settling, done
    Column("at", Float, nullable=False),
)
items = _owned(
    "items",
    Column("type", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("data", Text),
    Column("content", LargeBinary),
    Column("deleted", Boolean, nullable=False),
    Column("at", Float, nullable=False),
)
OWNED: tuple[Table, ...] = (users, sessions, consents, receipts, nonces, inbox, outbox, items)
"""Copied, in this order, when a user moves."""

refusals = Table(
    "refusals",
    region_metadata,
    Column("n", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("reason", String, nullable=False),
    Column("service", String, nullable=False),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False),
    Column("user_id", String),
    Column("why", Text, nullable=False),
)
deletions = Table(
    "deletions",
    region_metadata,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
)

homes = Table(
    "homes",
    directory_metadata,
    Column("user_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("country", String, nullable=False),
    Column("region", String, nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("moving_to", String, index=True),
    Column("attempt", Integer, nullable=False),
    Column("committed", Boolean, nullable=False),
)
names = Table(
    "names",
    directory_metadata,
    Column("kind", String, primary_key=True),  # sim, account, phone
    Column("name", String, primary_key=True),
    Column("user_id", String, nullable=False, index=True),
)
erasures = Table(
    "erasures",
    directory_metadata,
    Column("count", Integer, primary_key=True, autoincrement=False),  # one row: users erased so far
)
log_ins = Table(
    "log_ins",
    directory_metadata,
    Column("count", Integer, primary_key=True, autoincrement=False),  # one row: of all accounts, so far
)
rules = Table(
    "rules",
    directory_metadata,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("group", String, nullable=False),
    Column("country", String, nullable=False),
    Column("region", String, nullable=False),
)
