"""How regions, the mover and the lab's operator talk to a region: its control address, with the folder's token.

Errors of transport mean "nobody knows whether it was done": every call here may be repeated.
"""

import os
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from phonehome.lab.addresses import is_loopback
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.topology import Topology

TOKEN_FILE = "control.token"  # noqa: S105  a file's name
SECONDS = 15.0
CONNECT_SECONDS = 3.0
ASK_SECONDS = 3.0
"""For a question that a handset waits for."""
ASKING = 12
"""Questions of handsets that wait for one region at a time: of a region's threads, most are left for other work."""
TURN_SECONDS = 0.5
"""How long a question waits for its turn."""
REST_SECONDS = 1.0
"""After a question that got no answer in time, no other is put for so long: each is answered as that one was."""
_STALE = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


class PeerError(Exception):
    """A region did not answer, or not as expected; what was asked may or may not have been done."""


class PeerUnreachableError(PeerError):
    """A region did not answer at all: whatever is asked of it now will fare the same."""


class _Gate:
    """Lets few questions at a time wait for a region, and none while it hangs."""

    def __init__(self) -> None:
        self.turns = threading.BoundedSemaphore(ASKING)
        self.rests_until = 0.0


def make_token(folder: Path) -> None:
    """Write the token with which this cloud's processes know one another."""
    path = folder / TOKEN_FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(24))


class Peers:
    """Calls the regions of one cloud; safe from any thread."""

    def __init__(self, folder: Path, topology: Topology) -> None:
        for address, _ in topology.control.values():
            if not is_loopback(address):
                raise ValueError(f"the lab connects to loopback only, not to {address}")
        self._control = topology.control
        self._gates = {region: _Gate() for region in topology.control}
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {(folder / TOKEN_FILE).read_text()}"},
            timeout=SECONDS,
            trust_env=False,  # no proxy from the environment: nothing leaves this machine
        )

    def call(
        self,
        region: RegionName,
        path: str,
        data: Mapping[str, object] | None = None,
        *,
        seconds: float = SECONDS,
    ) -> dict[str, Any]:
        """Ask a region; give the answer's object, or raise PeerError."""
        address, port = self._control[region]
        timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        url, body = f"http://{address}:{port}{path}", dict(data or {})
        try:
            try:
                response = self._client.post(url, json=body, timeout=timeout)
            except _STALE:  # a connection from before the region was restarted
                response = self._client.post(url, json=body, timeout=timeout)
            if response.status_code != httpx.codes.OK:
                raise PeerError(f"{region} answered {response.status_code} to {path}: {response.text[:200]}")
            answer = response.json()
        except httpx.HTTPError as error:
            raise PeerUnreachableError(f"{region} did not answer {path}: {type(error).__name__}") from error
        except ValueError as error:
            raise PeerError(f"{region} answered {path} with no JSON") from error
        if not isinstance(answer, dict):
            raise PeerError(f"{region} answered {path} with no object")
        return answer

    def ask(self, region: RegionName, path: str, data: Mapping[str, object]) -> dict[str, Any]:
        """Ask a region while a handset waits; a region that hangs must not take this one's threads with it."""
        gate = self._gates[region]
        if time.monotonic() < gate.rests_until:
            raise PeerUnreachableError(f"{region} did not answer a moment ago")
        if not gate.turns.acquire(timeout=TURN_SECONDS):
            raise PeerUnreachableError(f"{region} has not answered those who asked before")
        try:
            return self.call(region, path, data, seconds=ASK_SECONDS)
        except PeerUnreachableError as error:
            if isinstance(error.__cause__, httpx.TimeoutException):
                gate.rests_until = time.monotonic() + REST_SECONDS
            raise
        finally:
            gate.turns.release()

    def knows(self, region: RegionName) -> bool:
        """Tell whether this cloud has such a region."""
        return region in self._control

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
