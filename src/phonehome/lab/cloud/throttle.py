"""How often something may be tried: passwords, for one account, in a minute of this machine's clock."""

import threading
import time
from collections import OrderedDict, deque

WINDOW_SECONDS = 60.0
_NAMES = 10_000
"""Names remembered; guessing at more of them than that forgets the oldest."""


class Throttle:
    """Counts tries by name; in memory, as a restart costs a guesser more than it gives."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def admits(self, name: str) -> bool:
        """Count a try; False if there were too many."""
        now = time.monotonic()
        with self._lock:
            tries = self._tries.setdefault(name, deque(maxlen=self._limit + 1))
            self._tries.move_to_end(name)
            if len(self._tries) > _NAMES:
                self._tries.popitem(last=False)
            while tries and tries[0] < now - WINDOW_SECONDS:
                tries.popleft()
            if len(tries) >= self._limit:
                return False
            tries.append(now)
            return True

    def forgive(self, name: str) -> None:
        """Take the last try back: it was right, and whoever knows the password may use it as often as they like."""
        with self._lock:
            tries = self._tries.get(name)
            if tries:
                tries.pop()
