"""What the tests of readers share: reading bytes, and building small HARs and flows."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from phonehome.readers.base import Item
from phonehome.readers.har import HarReader
from phonehome.readers.mitmproxy import MitmproxyReader

CASES = Path(__file__).parents[2] / "cases"

ReadBytes = Callable[[bytes], list[Item]]


@pytest.fixture(scope="session")
def cases() -> Path:
    return CASES


@pytest.fixture(scope="session")
def read_har() -> ReadBytes:
    return lambda data: list(HarReader().read(io.BytesIO(data), where="test.har", number=0))


@pytest.fixture(scope="session")
def read_flows() -> ReadBytes:
    return lambda data: list(MitmproxyReader().read(io.BytesIO(data), where="test.mitm", number=0))


@pytest.fixture(scope="session")
def make_har() -> Callable[..., bytes]:
    def make(*entries: object) -> bytes:
        return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()

    return make


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., dict[str, object]]:
    def make(
        request: dict[str, object] | None = None, response: dict[str, object] | None = None, **more: object
    ) -> dict[str, object]:
        asked: dict[str, object] = {
            "method": "GET",
            "url": "https://example.org/a",
            "httpVersion": "HTTP/1.1",
            "headers": [],
        }
        return {
            "startedDateTime": "2024-05-01T10:00:00.000Z",
            "request": asked | (request or {}),
            "response": {"status": 200, "headers": [], "content": {}} | (response or {}),
        } | more

    return make
