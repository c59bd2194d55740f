"""One database of a region, or the directory: durable transactions on SQLite or PostgreSQL.

A transaction that returned is on disk: SQLite runs with a write-ahead log and a full sync at each commit,
PostgreSQL as it does by default. When the connection breaks (the database was restarted), the work runs again,
even if the first commit may have come through: so every piece of work must be one that may be repeated.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from phonehome.lab.addresses import is_loopback
from phonehome.model.errors import ConfigError

T = TypeVar("T")

RETRY_SECONDS = 10.0
CLASHES = 10
"""How often a row that somebody else made meanwhile is no fault of the work, which then runs again and finds it."""
_RETRY_PAUSE = 0.1
_BUSY_MS = 10_000
_READING = "phonehome_reading"


def check_url(url: str) -> None:
    """Refuse a database that is not on this machine: nothing of the lab connects to anything else.

    Raises:
        ConfigError: It is neither SQLite's, nor PostgreSQL's on a socket or a loopback address.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError("database is no URL of SQLAlchemy's, such as sqlite:////folder/file") from error
    if parsed.get_backend_name() == "sqlite":
        return
    hosts = [parsed.host] if parsed.host else []
    for name in ("host", "hostaddr"):
        given = parsed.query.get(name, ())
        hosts += [one for many in ([given] if isinstance(given, str) else given) for one in many.split(",")]
    # Without a host, with a service file, or against the environment, libpq decides by itself where to.
    decided = [*(name for name in ("PGHOSTADDR", "PGSERVICE") if os.environ.get(name)), *parsed.query]
    others = [one for one in decided if one.startswith(("PG", "service"))]
    here = [one for one in hosts if one == "localhost" or one.startswith("/") or is_loopback(one)]
    if parsed.get_backend_name() != "postgresql" or not hosts or hosts != here or others:
        told = ", ".join([*(one for one in hosts if one not in here), *others]) or parsed.drivername
        raise ConfigError(
            f"the lab's cloud keeps its database on this machine, and this one may be elsewhere ({told}); give SQLite, "
            "or PostgreSQL with host=/socket/folder or a loopback address"
        )


class DatabaseUnavailableError(Exception):
    """The database did not answer for `RETRY_SECONDS`; the client should come again."""


class Database:
    """Runs pieces of work in transactions, from any thread."""

    def __init__(self, url: str, metadata: MetaData, *, schema: str) -> None:
        self._metadata = metadata
        self._schema = schema
        self._sqlite = url.startswith("sqlite")
        # SQLite has one writer anyway; waiting here is fair and cheap, waiting in SQLite is neither.
        self._one_writer = threading.Lock() if self._sqlite else None
        self._written = threading.Event()
        engine = create_engine(
            url,
            pool_pre_ping=not self._sqlite,
            pool_size=8,
            max_overflow=32,
            hide_parameters=True,  # they are people's numbers and names, and errors get into logs
        )
        if self._sqlite:
            _prepare_sqlite(engine)
            self._engine = engine
        else:
            self._engine = engine.execution_options(schema_translate_map={None: schema})

    def create(self) -> None:
        """Make the tables that are not there yet."""

        def work(connection: Connection) -> None:
            if not self._sqlite:
                # Regions start at the same time; two of them must not make one schema at once.
                connection.execute(text("SELECT pg_advisory_xact_lock(20140810)"))
                connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'))
            self._metadata.create_all(connection)

        self.write(work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run work and commit it durably; whatever it raises rolls it back."""
        if self._one_writer is None:
            return self._retry(lambda: self._transaction(work))
        with self._one_writer:
            done = self._retry(lambda: self._transaction(work))
        self._written.set()
        return done

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that changes nothing; it sees one state."""

        def transaction() -> T:
            level = {} if self._sqlite else {"isolation_level": "REPEATABLE READ"}
            with (
                self._engine.connect() as connection,
                connection.execution_options(**{_READING: True}, **level).begin(),
            ):
                return work(connection)

        return self._retry(transaction)

    def scrub(self) -> None:
        """Empty SQLite's log, in which what was deleted still stands. What PostgreSQL leaves is its own affair."""
        if self._one_writer is None:
            return
        self._written.clear()
        connection = self._engine.raw_connection()  # outside any transaction
        try:
            with self._one_writer:
                busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        if busy:  # somebody is still reading from the log
            self._written.set()

    def scrub_if_written(self) -> None:
        """Scrub if anything was committed since the last time."""
        if self._written.is_set():
            self.scrub()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _may_pass(self, error: DBAPIError) -> bool:
        """Tell whether the same work may succeed in a moment."""
        if self._sqlite:  # which raises the same for a lock as for a table that is not there
            return isinstance(error, OperationalError) and "lock" in str(error.orig)
        return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def _retry(self, transaction: Callable[[], T]) -> T:
        end, clashes = time.monotonic() + RETRY_SECONDS, 0
        while True:
            try:
                return transaction()
            except DBAPIError as error:
                # Two who make the same row at once: SQLite has one writer, PostgreSQL tells the second.
                if isinstance(error, IntegrityError) and not self._sqlite and clashes < CLASHES:
                    clashes += 1
                    continue
                if not self._may_pass(error):
                    raise
                if time.monotonic() > end:
                    raise DatabaseUnavailableError(type(error.orig).__name__) from error
                time.sleep(_RETRY_PAUSE)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # Transactions are begun below, by name: the driver begins them late, and only to write.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA secure_delete=ON")  # deleted means overwritten, not just unlisted
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
