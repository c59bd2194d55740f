"""Key logs: the secrets of recorded connections, as SSLKEYLOGFILE writes them.

The format is RFC 9850's (`LABEL client-random secret`, in hex) with the older lines that tools still write:
`RSA` (first eight bytes of the encrypted premaster secret), `RSA Session-ID:… Master-Key:…`,
`PMS_CLIENT_RANDOM`. Either case of hex, comments, any line ending. The same text stands in the decryption
secrets blocks of pcapng.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from phonehome.model.errors import InputError

MAX_SECRETS = 4_000_000
"""Secrets kept; more are counted as ignored. A phone makes some thousand connections a day."""

MAX_RESUMABLE = 20_000
"""Sessions remembered so that a resumption finds the master secret that an `RSA` line gave."""

MAX_HIDDEN_TRIALS = 65_536
"""Secrets tried, in all, on connections whose hello was encrypted."""

_LINE = re.compile(
    rb"^[ \t]*(?:(?P<label>[A-Z][A-Z0-9_]{2,63})[ \t]+(?P<key>[0-9A-Fa-f]{16,64})[ \t]+(?P<secret>[0-9A-Fa-f]{2,256})"
    rb"|RSA[ \t]+Session-ID:(?P<session>[0-9A-Fa-f]{2,64})[ \t]+Master-Key:(?P<master>[0-9A-Fa-f]{96}))[ \t]*$",
    re.MULTILINE,
)
_WRITTEN = re.compile(rb"^[^\S\n]*[^\s#]", re.MULTILINE)
"""What begins a line that is neither empty nor a comment."""
_RANDOM_DIGITS = 64
_MASTER_DIGITS = 96


class KeyLog:
    """Secrets by the client random of their connection, and which of them were used."""

    __slots__ = (
        "_hidden_trials",
        "_lines",
        "_premasters",
        "_randoms",
        "_resumable",
        "_sessions",
        "_used",
        "ignored",
    )

    def __init__(self) -> None:
        self._randoms: dict[bytes, dict[str, bytes]] = {}
        self._premasters: dict[bytes, bytes] = {}
        self._sessions: dict[bytes, bytes] = {}
        self._resumable: dict[bytes, bytes] = {}
        self._used: set[bytes] = set()
        self._lines = 0
        self._hidden_trials = MAX_HIDDEN_TRIALS
        self.ignored = 0

    @classmethod
    def parse(cls, data: bytes) -> "KeyLog":
        """Read a key log.

        Raises:
            InputError: There is no line of a key log in it.
        """
        keys = cls()
        if not keys.add(data):
            raise cls._refuse(data)
        return keys

    @classmethod
    def check(cls, data: bytes) -> None:
        """Look whether there is a line of a key log, as far as the first.

        Raises:
            InputError: There is none.
        """
        if not cls()._read(_as_ascii(data), 1):
            raise cls._refuse(data)

    @staticmethod
    def _refuse(data: bytes) -> InputError:
        reason = "is empty" if not data.strip() else f"has no such line in its {len(data)} bytes"
        return InputError(
            "this is no key log: expected lines of a label, a client random and a secret in hex, as "
            f"SSLKEYLOGFILE writes them (CLIENT_RANDOM 52b0… 3a1c…), and the file {reason}"
        )

    @staticmethod
    def may_have_premasters(data: bytes) -> bool:
        """Whether a log may hold what only an RSA key exchange leads to; told without reading its lines."""
        return b"RSA" in _as_ascii(data)

    @classmethod
    def join(cls, logs: Iterable[bytes]) -> "KeyLog":
        """Take the secrets of several key logs together; one that is empty adds none."""
        keys = cls()
        for log in logs:
            keys.add(log)
        return keys

    def add(self, data: bytes) -> int:
        """Take more secrets, from another file or from a decryption secrets block; returns how many there were.

        Lines that are none are counted in `ignored`; nothing is raised.
        """
        data = _as_ascii(data)
        taken = self._read(data, MAX_SECRETS - self._lines)
        self._lines += taken
        self.ignored += max(0, len(_WRITTEN.findall(data)) - taken)
        return taken

    def _read(self, data: bytes, most: int) -> int:
        taken = 0
        for match in _LINE.finditer(data):
            if taken >= most:
                break
            label, key, secret, session, master = match.groups()
            if session is not None:
                self._sessions.setdefault(session.lower(), master)
            elif not self._take(label, key.lower(), secret):
                continue
            taken += 1
        return taken

    def _take(self, label: bytes, key: bytes, secret: bytes) -> bool:
        if len(secret) % 2:
            return False
        if label == b"RSA" and len(key) == 16 and len(secret) == _MASTER_DIGITS:
            self._premasters[key] = secret
            return True
        if len(key) != _RANDOM_DIGITS or (label == b"CLIENT_RANDOM" and len(secret) != _MASTER_DIGITS):
            return False
        # One random, two secrets of one label: the first stands, as in a log that was written twice.
        known = self._randoms.get(key)
        if known is None:
            self._randoms[key] = {_decode(label): secret}
        else:
            known.setdefault(_decode(label), secret)
        return True

    def __bool__(self) -> bool:
        return self._lines > 0

    def __len__(self) -> int:
        """How many secrets there are."""
        return self._lines

    def knows(self, client_random: bytes) -> bool:
        """Tell whether there is any secret of the connection."""
        return client_random.hex().encode() in self._randoms

    def secret(self, label: str, client_random: bytes, *, use: bool = True) -> bytes | None:
        """Give one secret of a connection; with `use`, it counts as used from then on."""
        key = client_random.hex().encode()
        secret = self._randoms.get(key, {}).get(label)
        if secret is None:
            return None
        if use:
            self._used.add(key)
        return bytes.fromhex(secret.decode())

    def premaster(self, encrypted: bytes) -> bytes | None:
        """Give the premaster secret of an RSA key exchange by its encrypted form (an `RSA` line)."""
        key = encrypted[:8].hex().encode()
        secret = self._premasters.get(key)
        if secret is None:
            return None
        self._used.add(key)
        return bytes.fromhex(secret.decode())

    def master_of_session(self, session: bytes) -> bytes | None:
        """Give the master secret of a session that is resumed by its ID or its ticket."""
        known = self._resumable.get(session)
        if known is not None:
            return known
        key = session.hex().encode()
        master = self._sessions.get(key)
        if master is None:
            return None
        self._used.add(key)
        return bytes.fromhex(master.decode())

    def remember(self, session: bytes, master: bytes) -> None:
        """Keep the master secret of a session (by ID or ticket) for connections that resume it."""
        if session and len(self._resumable) < MAX_RESUMABLE:
            self._resumable[session] = master

    @property
    def has_premasters(self) -> bool:
        """Whether there are secrets that only an RSA key exchange in the recording leads to."""
        return bool(self._premasters or self._sessions)

    @property
    def used(self) -> int:
        """Connections of which somebody asked for the secrets that it has."""
        return len(self._used)

    @property
    def unused(self) -> int:
        """Connections that the key log has secrets of and that nobody asked for."""
        return len(self._randoms) + len(self._premasters) + len(self._sessions) - len(self._used)

    def hidden_randoms(self) -> Iterator[bytes]:
        """Give client randoms that nobody asked for: what an encrypted hello may have hidden.

        All calls together give at most `MAX_HIDDEN_TRIALS`, since browsers pretend to encrypt every hello.
        """
        for key in list(islice((key for key in self._randoms if key not in self._used), self._hidden_trials)):
            self._hidden_trials -= 1
            yield bytes.fromhex(key.decode())

    def use(self, client_random: bytes) -> None:
        """Count the secrets of a connection as used."""
        self._used.add(client_random.hex().encode())


@lru_cache(maxsize=64)
def _decode(label: bytes) -> str:
    return label.decode()


def has_no_secrets(data: bytes) -> bool:
    """Whether something stands in what should be a key log, and no line of one."""
    data = _as_ascii(data)
    if _LINE.search(data) is not None:
        return False
    return _WRITTEN.search(data) is not None


def _as_ascii(data: bytes) -> bytes:
    """Undo what editors and shells do to a text file: a byte order mark, UTF-16, the ends of lines."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", "replace").encode("ascii", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
