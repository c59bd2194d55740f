"""One cloud in threads for the tests of a module."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab_clients import NewPhone, Phone, phone_of

from phonehome.lab import cloud
from phonehome.lab.cloud import Cloud, CloudConfig, RegionName

START = datetime(2014, 8, 7, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud of August 2014 with two regions."""
    folder: Path = tmp_path_factory.mktemp("cloud")
    regions = (RegionName.BEIJING, RegionName.SINGAPORE)
    config = CloudConfig(
        start=START, regions={name: CloudConfig().regions[name] for name in regions}, retention_every_s=600
    )
    with cloud.start(folder, config, mode="threads") as started:
        yield started


@pytest.fixture
def new_phone(running: Cloud) -> Iterator[NewPhone]:
    """Handsets; with a number, activated."""
    with ExitStack() as stack:

        def make(number: str | None = None, *, country: str = "IN", http2: bool = False) -> Phone:
            phone = stack.enter_context(phone_of(running, http2=http2))
            if number is not None:
                phone.activate(number, country=country)
            return phone

        yield make
