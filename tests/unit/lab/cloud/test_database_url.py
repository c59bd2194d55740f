"""Which databases the lab's cloud may use: those of this machine."""

import pytest

from phonehome.lab.cloud.database import check_url
from phonehome.model.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////tmp/lab/beijing.sqlite",
        "postgresql+psycopg://lab@/lab?host=/run/postgresql",
        "postgresql+psycopg://lab@127.0.0.1:5433/lab",
        "postgresql+psycopg://lab@[::1]/lab",
        "postgresql+psycopg://lab@localhost/lab",
    ],
)
def test_a_database_of_this_machine_is_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://lab@192.0.2.1/lab",
        "postgresql+psycopg://lab@db.example/lab",
        "postgresql+psycopg://lab@/lab",
        "postgresql+psycopg://lab@/lab?host=/run/postgresql,192.0.2.1",
        "postgresql+psycopg://lab@/lab?host=/run/postgresql&hostaddr=192.0.2.1",
        "postgresql+psycopg://lab@localhost/lab?service=elsewhere",
        "mysql://lab@127.0.0.1/lab",
        "nonsense",
    ],
)
def test_a_database_that_may_be_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


def test_the_environment_does_not_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    with pytest.raises(ConfigError, match="PGHOSTADDR"):
        check_url("postgresql+psycopg://lab@/lab?host=/run/postgresql")
