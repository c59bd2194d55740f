import re
from datetime import date
from pathlib import Path

import pytest

from phonehome.attribution.organisations import OrganisationList, read_organisations
from phonehome.model.errors import ConfigError

LEAST_DOMAINS = 400
LEAST_ORGANISATIONS = 150

GOOD = """\
- name: Example
  country: DE
  checked: 2026-11-21
  services:
    - roles: [analytics]
      source: https://example.com/privacy
      domains: [example.com]
    - roles: [cloud]
      source: its documentation
      lent: true
      domains: [cloud.example.com]
"""


@pytest.fixture(scope="module")
def shipped() -> OrganisationList:
    return read_organisations()


def write(folder: Path, text: str) -> Path:
    path = folder / "organisations.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_list_is_large_enough(shipped: OrganisationList) -> None:
    assert len(shipped) >= LEAST_DOMAINS
    assert len({service.organisation.name for service in shipped}) >= LEAST_ORGANISATIONS


def test_every_shipped_entry_has_roles_a_source_and_a_date(shipped: OrganisationList) -> None:
    for service in shipped:
        organisation = service.organisation
        assert organisation.roles, service.domain
        assert re.match(r"https://\S+$|third-party-web |public suffix list ", organisation.source), (
            service.domain
        )
        assert date(2026, 1, 1) <= organisation.date <= date(2100, 1, 1), service.domain


@pytest.mark.parametrize(
    ("host", "name", "role"),
    [
        ("api.account.xiaomi.com", "Xiaomi", "identity"),
        ("contactapi.micloud.xiaomi.net", "Xiaomi", "device services"),
        ("tracking.miui.com", "Xiaomi", "analytics"),
        ("hianalytics.hicloud.com", "Huawei", "device services"),
        ("graph.facebook.com", "Meta", "analytics"),
        ("api2.branch.io", "Branch", "attribution"),
        ("sessions.bugsnag.com", "Bugsnag (SmartBear)", "crash reporting"),
        ("app.adjust.com", "Adjust", "attribution"),
        ("alog.umeng.com", "Umeng", "analytics"),
        ("fcm.googleapis.com", "Google", "push"),
        ("firebaseinstallations.googleapis.com", "Google", "remote configuration"),
        ("mc.yandex.ru", "Yandex", "analytics"),
    ],
)
def test_well_known_hosts_are_named(shipped: OrganisationList, host: str, name: str, role: str) -> None:
    service = shipped.find(tuple(host.split(".")))

    assert service is not None
    assert service.organisation.name == name
    assert role in service.organisation.roles
    assert not service.lent


@pytest.mark.parametrize("host", ["notxiaomi.com", "xiaomi.com.example.org", "com", "mi.co"])
def test_a_host_that_only_resembles_a_domain_is_not_named(shipped: OrganisationList, host: str) -> None:
    assert shipped.find(tuple(host.split("."))) is None


def test_the_longest_domain_decides(tmp_path: Path) -> None:
    services = read_organisations(write(tmp_path, GOOD))

    shorter, longer = services.find(("a", "example", "com")), services.find(("b", "cloud", "example", "com"))

    assert shorter is not None
    assert longer is not None
    assert (shorter.domain, shorter.lent) == ("example.com", False)
    assert (longer.domain, longer.lent) == ("cloud.example.com", True)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("country: DE", "countri: DE", 2, "unknown key 'countri'"),
        ("country: DE", "country: XX", 2, "'XX' is no country code"),
        ("country: DE", "country: de", 2, "'de' is no country code"),
        ("checked: 2026-11-21", "checked: yesterday", 3, "expected a date"),
        ("  checked: 2026-11-21\n", "", 1, "lacks checked"),
        ("source: its documentation", "source: ''", 9, "expected a source"),
        ("roles: [cloud]", "roles: [clowd]", 8, "unknown role 'clowd'"),
        ("roles: [cloud]", "roles: []", 8, "not empty"),
        ("[cloud.example.com]", "[example.com]", 11, "'example.com' stands in line 7 already"),
        ("[cloud.example.com]", "[https://example.com]", 11, "is no domain"),
        ("[cloud.example.com]", "[Example.COM]", 11, "is no domain"),
        ("lent: true", "lent: maybe", 10, "expected true or false"),
        ("  country: DE", "  country: DE\n  country: FR", 3, "stands twice"),
        ("    - roles: [cloud]", "    - [cloud]", 8, "not YAML"),
    ],
)
def test_a_malformed_list_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        read_organisations(path)

    assert says in str(caught.value)
    assert re.match(
        rf"organisations\.yaml, line {line}: " if says != "not YAML" else r"organisations\.yaml, line \d+: ",
        str(caught.value),
    )


def test_an_organisation_that_stands_twice_is_refused(tmp_path: Path) -> None:
    twice = GOOD + GOOD.replace("example.com", "example.org")

    with pytest.raises(ConfigError, match=r"line 12: 'Example' stands in line 1 already"):
        read_organisations(write(tmp_path, twice))


@pytest.mark.parametrize("text", ["", "name: x\n", "[a, b]", "- 5\n", "\x00"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read_organisations(write(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FileNotFoundError"):
        read_organisations(tmp_path / "none.yaml")
