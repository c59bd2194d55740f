"""Who is on line in this region: the open push streams, by user. In memory: a restart begins with nobody."""

import asyncio
import threading


class Stream:
    """One user's open stream; `wake` is safe from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self.closing: str | None = None

    async def woken(self) -> None:
        """Wait until there may be something to do."""
        await self._event.wait()
        self._event.clear()

    def wake(self) -> None:
        """Say that there may be something to do."""
        try:
            self._loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:  # the server is stopping and its loop is closed
            return

    def end(self, why: str) -> None:
        """Ask the stream to close."""
        self.closing = why
        self.wake()


class Hub:
    """All streams of a region; one a user, the newest."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}
        self._lock = threading.Lock()

    def join(self, user_id: str, stream: Stream) -> None:
        """Put a user on line; an older stream of the same user ends."""
        with self._lock:
            older = self._streams.get(user_id)
            self._streams[user_id] = stream
        if older is not None:
            older.end("replaced")

    def leave(self, user_id: str, stream: Stream) -> None:
        """Take a user off line, unless a newer stream has taken over."""
        with self._lock:
            if self._streams.get(user_id) is stream:
                del self._streams[user_id]

    def is_online(self, user_id: str) -> bool:
        """Tell whether the user has a stream."""
        with self._lock:
            return user_id in self._streams

    def wake(self, user_id: str) -> None:
        """Tell a user's stream, if there is one, that something waits."""
        with self._lock:
            stream = self._streams.get(user_id)
        if stream is not None:
            stream.wake()

    def wake_all(self) -> None:
        """Have every stream look whether it still has a session, and whether something waits."""
        with self._lock:
            streams = list(self._streams.values())
        for stream in streams:
            stream.wake()

    def end(self, user_id: str, why: str) -> None:
        """End a user's stream."""
        with self._lock:
            stream = self._streams.get(user_id)
        if stream is not None:
            stream.end(why)

    def end_all(self, why: str) -> None:
        """End every stream."""
        with self._lock:
            streams = list(self._streams.values())
        for stream in streams:
            stream.end(why)

    def __len__(self) -> int:
        with self._lock:
            return len(self._streams)
