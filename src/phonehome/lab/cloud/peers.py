"""How regions, the mover and the lab's operator talk to a region: its control address, with the folder's token.

Errors of transport mean "nobody knows whether it was done": every call here may be repeated.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from phonehome.lab.addresses import is_loopback
from phonehome.lab.cloud.config import RegionName
from phonehome.lab.cloud.topology import Topology

TOKEN_FILE = "control.token"  # noqa: S105  a file's name
_TIMEOUT = httpx.Timeout(15.0, connect=3.0)


class PeerError(Exception):
    """A region did not answer, or not as expected; what was asked may or may not have been done."""


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
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {(folder / TOKEN_FILE).read_text()}"},
            timeout=_TIMEOUT,
            trust_env=False,  # no proxy from the environment: nothing leaves this machine
        )

    def call(self, region: RegionName, path: str, data: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Ask a region; give the answer's object, or raise PeerError."""
        address, port = self._control[region]
        try:
            response = self._client.post(f"http://{address}:{port}{path}", json=dict(data or {}))
            if response.status_code != httpx.codes.OK:
                raise PeerError(f"{region} answered {response.status_code} to {path}: {response.text[:200]}")
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise PeerError(f"{region} did not answer {path}: {type(error).__name__}") from error
        if not isinstance(answer, dict):
            raise PeerError(f"{region} answered {path} with no object")
        return answer

    def knows(self, region: RegionName) -> bool:
        """Tell whether this cloud has such a region."""
        return region in self._control

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
