"""A case as one stream (POSIX tar, pax), the same bytes for the same files; and back again, from anybody's hand.

Only what is in a case is written and read: plain files and folders below one name, without owners and times. Reading
trusts nothing: every path is checked before anything is made, links and devices are refused, and a file is never
written over. `tar` reads what is written here.
"""

import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from phonehome.case.inventory import BLOCK, MAX_FILES, iter_files, iter_folders
from phonehome.case.refusals import bad_path
from phonehome.model.errors import ConfigError

RECORD = 512
END = bytes(2 * RECORD)
MAX_PAX = 64 << 10
_TIMES = {"mtime", "atime", "ctime"}
"""Records that tar writes of its own accord, and that say nothing which is kept."""
_CHANGED = "was written to while it was read; wait until that has ended, then run the command again"


def tar_size(root: Path) -> int:
    """Say how many bytes `iter_tar` will give, near enough: without the records for long names."""
    return sum(RECORD + _padded(found.path.lstat().st_size) for found in iter_files(root)) + len(END)


def iter_tar(root: Path, top: str) -> Iterator[bytes]:
    """Give a case as a tar stream, everything in it below the name `top`.

    Raises:
        ConfigError: A file cannot be read, or changes meanwhile.
    """
    yield _header(top, tarfile.DIRTYPE, 0, writable=True)
    for name in iter_folders(root):
        yield _header(f"{top}/{name}", tarfile.DIRTYPE, 0, writable=True)
    for found in iter_files(root):
        yield from _iter_file(found.path, f"{top}/{found.name}")
    yield END


def _iter_file(path: Path, name: str) -> Iterator[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise ConfigError(f"{path}: {_CHANGED}")
            yield _header(name, tarfile.REGTYPE, about.st_size, writable=bool(about.st_mode & stat.S_IWUSR))
            left = about.st_size
            while block := file.read(min(BLOCK, left + 1)):
                left -= len(block)
                if left < 0:
                    break
                yield block
            if left:
                raise ConfigError(f"{path}: {_CHANGED}")
            yield bytes(_padded(about.st_size) - about.st_size)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _header(name: str, kind: bytes, size: int, *, writable: bool) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = kind, size, 0
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644 if writable else 0o444
    return info.tobuf(tarfile.PAX_FORMAT)


def _padded(size: int) -> int:
    return -(-size // RECORD) * RECORD


class Unpacker:
    """Takes a tar stream piece by piece and makes its files in a folder, without the first name of each path.

    Memory stays within a block, whatever the stream says. What it refuses raises `ConfigError`; the folder then holds
    what came before, for the caller to remove.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._held = bytearray()
        self._need = RECORD
        self._then: Callable[[bytes], None] = self._take_header
        self._file: int | None = None
        self._left = 0
        self._pax: dict[str, str] = {}
        self._zeros = 0
        self._top: str | None = None
        self._entries = 0

    def write(self, data: bytes) -> int:
        """Take the next piece; all of it is taken."""
        view = memoryview(data)
        while view:
            if self._left:
                view = self._fill(view)
                continue
            taken = view[: self._need - len(self._held)]
            self._held += taken
            view = view[len(taken) :]
            if len(self._held) == self._need:
                whole = bytes(self._held)
                self._held.clear()
                self._then(whole)
        return len(data)

    def flush(self) -> None:
        """Nothing waits to be written."""

    def close(self) -> None:
        """Let go of a file that was being written."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def finish(self) -> None:
        """Check that the stream came to its end.

        Raises:
            ConfigError: It broke off.
        """
        self.close()
        if self._zeros < 2 or self._held:
            raise _bad("it breaks off")

    def _fill(self, view: memoryview) -> memoryview:
        """Write what belongs to the file that is open."""
        assert self._file is not None
        taken = view[: self._left]
        self._left -= len(taken)
        rest = view[len(taken) :]
        while taken:
            taken = taken[os.write(self._file, taken) :]
        if not self._left:
            self._end_file()
        return rest

    def _end_file(self) -> None:
        assert self._file is not None
        os.fsync(self._file)
        self.close()

    def _expect(self, need: int, then: Callable[[bytes], None]) -> None:
        self._need, self._then = need, then

    def _take_header(self, record: bytes) -> None:
        if record == bytes(RECORD):
            self._zeros += 1
            return
        if self._zeros:
            raise _bad("something follows its end")
        try:
            info = tarfile.TarInfo.frombuf(record, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise _bad("a header in it is broken") from error
        if info.type == tarfile.XHDTYPE:
            if not 0 < info.size <= MAX_PAX or self._pax:
                raise _bad("a header in it is broken")
            size = info.size
            self._expect(_padded(size), lambda body: self._take_pax(body[:size]))
            return
        self._take_entry(info)

    def _take_pax(self, body: bytes) -> None:
        self._pax = _parse_pax(body)
        self._expect(RECORD, self._take_header)

    def _take_entry(self, info: tarfile.TarInfo) -> None:
        name = self._pax.pop("path", info.name)
        size = self._pax.pop("size", str(info.size))
        strange = self._pax.keys() - _TIMES
        self._pax = {}
        if strange or not size.isascii() or not size.isdecimal() or len(size) > 18:
            raise _bad("a header in it says what no case needs")
        self._entries += 1
        if self._entries > MAX_FILES:
            raise _bad(f"it has more than {MAX_FILES:,} files")
        path = self._place(name)
        if info.type == tarfile.DIRTYPE and size == "0":
            _make_folder(path)
        elif info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and path != self._root:
            self._begin_file(path, int(size), writable=bool(info.mode & stat.S_IWUSR))
        else:
            raise _bad(f"{name[:100]!r} in it is neither a file nor a folder")

    def _begin_file(self, path: Path, size: int, *, writable: bool) -> None:
        _make_folder(path.parent)
        try:
            mode = 0o600 if writable else 0o400
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        except FileExistsError as error:
            raise _bad(f"{path.name!r} stands in it twice") from error
        self._left = size
        self._expect(_padded(size) - size or RECORD, self._after if size % RECORD else self._take_header)
        if not size:
            self._end_file()

    def _after(self, padding: bytes) -> None:
        if any(padding):
            raise _bad("there is something between its files")
        self._expect(RECORD, self._take_header)

    def _place(self, name: str) -> Path:
        """Give the place for a path, which must be below the first name of all.

        Raises:
            ConfigError: It leads elsewhere, or no case has such a name.
        """
        parts = name.removesuffix("/").split("/")
        if bad_path(parts[0]) is not None or (parts[1:] and bad_path("/".join(parts[1:])) is not None):
            raise _bad(f"it names a place that no case has: {name[:100]!r}")
        self._top = self._top or parts[0]
        if parts[0] != self._top:
            raise _bad("it holds more than one folder")
        return self._root.joinpath(*parts[1:])


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _bad(f"{path.name!r} in it is both a file and a folder") from error


def _parse_pax(body: bytes) -> dict[str, str]:
    r"""Records of `LENGTH KEY=VALUE\\n` (POSIX.1-2001, pax); each key once."""
    found: dict[str, str] = {}
    try:
        while body:
            length = int(body[: body.index(b" ")][:6])
            record, body = body[:length], body[length:]
            key, equals, value = record.partition(b" ")[2].partition(b"=")
            if len(record) != length or not equals or not value.endswith(b"\n") or key.decode() in found:
                raise ValueError("a broken record")
            found[key.decode()] = value[:-1].decode()
    except ValueError as error:
        raise _bad("a header in it is broken") from error
    return found


def _bad(why: str) -> ConfigError:
    return ConfigError(f"what was sealed is no case of phonehome's: {why}; nothing was written")
