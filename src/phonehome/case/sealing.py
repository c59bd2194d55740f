"""Sealing a case with age (https://age-encryption.org/v1) for storage and transport, and opening it again.

To recipients it streams: memory does not grow with the case. With a passphrase the age library works in memory, so
there is a bound. What is opened comes whole or not at all: age tells truncation and changes only while it reads, so the
files stand in a hidden folder until the last byte was good.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pyrage

from phonehome.case.inventory import SHARED_FILE, enclosing_case, read_small
from phonehome.case.keys import check_passphrase
from phonehome.case.places import CASE_FILE
from phonehome.case.refusals import AGE, AGE_ARMOUR, AGE_SCRYPT, age_header, bad_path, refuse_unfit
from phonehome.case.tarball import Unpacker, iter_tar, tar_size
from phonehome.case.writing import OWNER_ONLY, explaining, partial_name, sync_folder, whole_folder
from phonehome.model.errors import ConfigError

MAX_IN_MEMORY = 256 << 20
"""Bytes of a case that is sealed with a passphrase."""
MAX_KEY_FILE = 1 << 20
MAX_WORK = 20
"""Logarithm of the N of scrypt that a file may ask for: 20 takes 1 GiB and some seconds."""
PIECE = 64 << 10
TOP = "case"
"""What the folder is called in the stream if its own name would not do."""
HEAD = 512
"""Bytes in which the header for a passphrase stands, armour included."""
_WORK = re.compile(rb"age-encryption\.org/v1\n-> scrypt [A-Za-z0-9+/]{1,64} ([0-9]{1,9})\n")

Recipients: TypeAlias = Sequence["pyrage.x25519.Recipient"]
Identities: TypeAlias = Sequence["pyrage.x25519.Identity"]


def new_identity(passphrase: str) -> tuple[bytes, str]:
    """Make an age identity; give its file, encrypted with the passphrase as age does it, and its recipient."""
    check_passphrase(passphrase)
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    text = f"# public key: {recipient}\n{identity}\n"
    return bytes(pyrage.passphrase.encrypt(text.encode(), passphrase, armored=True)), recipient


def parse_recipients(text: str) -> Recipients:
    """Read `age1…`, or the file that is named and holds such lines.

    Raises:
        ConfigError: It is neither.
    """
    lines = [text]
    if not text.startswith("age1"):
        data = read_small(Path(text), MAX_KEY_FILE, "file of recipients")
        lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
    try:
        found = [pyrage.x25519.Recipient.from_str(line) for line in lines]
    except pyrage.RecipientError as error:
        raise ConfigError(
            f"{text[:80]!r} is no recipient of age: those begin with age1, and "
            "`phonehome key new --for opening` prints one"
        ) from error
    if not found:
        raise ConfigError(f"{text}: holds no recipient of age (lines that begin with age1)")
    return found


def load_identities(path: Path, passphrase: Callable[[str], str]) -> Identities:
    """Read a file of age identities; `passphrase` is asked for it only if it is encrypted.

    Raises:
        ConfigError: It cannot be read or opened, or holds none.
    """
    data = read_small(path, MAX_KEY_FILE, "file of identities")
    if data.startswith((AGE, AGE_ARMOUR)):
        try:
            data = _open_with_passphrase(data, passphrase(f"of {path.name}"), path)
        except (pyrage.DecryptError, OSError) as error:
            raise ConfigError(f"{path}: does not open with this passphrase (or was damaged)") from error
    lines = (line.strip() for line in data.decode("utf-8", "replace").splitlines())
    try:
        found = [
            pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-")
        ]
    except pyrage.IdentityError as error:
        raise ConfigError(f"{path}: an identity in it is broken") from error
    if not found:
        raise ConfigError(
            f"{path}: holds no identity of age (AGE-SECRET-KEY-1…); `phonehome key new --for opening` makes one"
        )
    return found


def seal(root: Path, output: Path, lock: Recipients | str) -> None:
    """Write a case as one sealed file: whole or not at all.

    Args:
        root: The folder of the case.
        output: The file, of which there is none yet.
        lock: Recipients, or a passphrase.

    Raises:
        ConfigError: The file is there or lies in a case, a file cannot be read, is a private key or has a name that
            could not be opened again, the disk is full, or the case is too large for a passphrase.
    """
    _refuse_output(root, output)
    refuse_unfit(root)
    if isinstance(lock, str):
        check_passphrase(lock)
        if tar_size(root) > MAX_IN_MEMORY:
            raise ConfigError(
                f"{root}: larger than {MAX_IN_MEMORY >> 20} MiB, and that much can be sealed to a --recipient only "
                "(`phonehome key new --for opening` makes one, protected by a passphrase)"
            )
    draft = output.with_name(partial_name(output.name))
    with explaining(output):
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                _encrypt(
                    iter_tar(root, root.name if bad_path(root.name) is None else TOP),
                    _Writer(file.write),
                    lock,
                )
                file.flush()
                os.fsync(file.fileno())
            draft.rename(output)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(output.parent)


def _refuse_output(root: Path, output: Path) -> None:
    if output.exists() or output.is_symlink():
        raise ConfigError(f"{output} is there already; give another name with -o")
    if enclosing_case(output) is not None:
        raise ConfigError(f"{output}: lies in a case; give a place outside of {root} with -o")


def _encrypt(pieces: Iterator[bytes], writer: "_Writer", lock: Recipients | str) -> None:
    if isinstance(lock, str):
        writer.write(pyrage.passphrase.encrypt(b"".join(pieces), lock))
        return
    reader = _Reader(pieces)
    try:
        pyrage.encrypt_io(reader, writer, list(lock))
    except Exception as error:  # noqa: BLE001  whatever it was is raised again
        # The library hands on the text of what its callers raised, and not the exception.
        raise reader.raised or writer.raised or error from None


def open_sealed(path: Path, target: Path, key: Identities | str) -> None:
    """Open a sealed case into a new folder: whole or not at all.

    Args:
        path: The sealed file, from anybody.
        target: The folder, of which there is none yet.
        key: Identities, or a passphrase.

    Raises:
        ConfigError: It does not open, was changed or cut, holds something else than a case, or cannot be written.
    """
    if target.exists() or target.is_symlink():
        raise ConfigError(f"{target} is there already; give another folder with -o")
    around = enclosing_case(target)
    if around is not None:
        raise ConfigError(f"{target}: lies in the case {around}; give a place outside of it with -o")
    with whole_folder(target) as folder, explaining(target):
        folder.chmod(0o700)
        unpacker = Unpacker(folder)
        try:
            _decrypt(path, _Writer(unpacker.write), key)
            unpacker.finish()
        finally:
            unpacker.close()
        if not any((folder / name).is_file() for name in (CASE_FILE, SHARED_FILE)):
            raise ConfigError(f"{path}: holds no case ({CASE_FILE} is missing); nothing was written")


def is_locked_by_passphrase(path: Path) -> bool:
    """Say whether a sealed file asks for a passphrase rather than an identity.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return age_header(file.read(HEAD)).startswith(AGE_SCRYPT)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; name the file to open") from error


def _open_with_passphrase(sealed: bytes, passphrase: str, path: Path) -> bytes:
    """Decrypt in memory; a file that asks for more work than any of us would is refused before it is done."""
    asked = _WORK.match(age_header(sealed[:HEAD]))
    if asked is not None and int(asked[1]) > MAX_WORK:
        raise ConfigError(
            f"{path}: asks for 2^{int(asked[1])} rounds of work for its passphrase, and at most 2^{MAX_WORK} are done; "
            "it was not sealed by phonehome or age"
        )
    return bytes(pyrage.passphrase.decrypt(sealed, passphrase))


def _decrypt(path: Path, writer: "_Writer", key: Identities | str) -> None:
    try:
        if isinstance(key, str):
            sealed = read_small(
                path, MAX_IN_MEMORY + (MAX_IN_MEMORY >> 4), "case that was sealed with a passphrase"
            )
            plain = memoryview(_open_with_passphrase(sealed, key, path))
            for at in range(0, len(plain), PIECE):
                writer.write(plain[at : at + PIECE])
        else:
            with path.open("rb") as file:
                pyrage.decrypt_io(file, writer, list(key))
    except (pyrage.DecryptError, OSError) as error:
        if writer.raised is not None:
            raise writer.raised from None
        raise ConfigError(f"{path}: {_explain(error)}; nothing was written") from error


def _explain(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if "No matching keys" in text:
        return "was not sealed for this key (or with a passphrase, or without one)"
    if isinstance(error, OSError):
        return "was changed or cut since it was sealed; have it sent again"
    if "Decryption failed" in text:
        return "does not open with this passphrase"
    return "is no sealed case, or was cut (age's own files are read here)"


class _Reader:
    """A file to read from, made of pieces; remembers what a piece raised."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")
        self.raised: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """Give at most `size` bytes; none at the end."""
        try:
            while not self._held:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._held = memoryview(piece)
        except BaseException as error:
            self.raised = error
            raise
        given = self._held[: size if size >= 0 else None]
        self._held = self._held[len(given) :]
        return bytes(given)


class _Writer:
    """A file to write to; remembers what writing raised first."""

    def __init__(self, write: Callable[[bytes], int]) -> None:
        self._write = write
        self.raised: BaseException | None = None

    def write(self, data: "bytes | memoryview") -> int:
        """Hand on, until something was raised: the library goes on writing, and what comes of that is no news."""
        if self.raised is not None:
            raise self.raised
        try:
            return self._write(bytes(data))
        except BaseException as error:
            self.raised = error
            raise

    def flush(self) -> None:
        """Nothing is held here."""
