"""What a cloud's configuration changes: opt-in only, retention, delays, old TLS, a seed that repeats."""

import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lab_clients import Push, PushEndedError, eventually, phone_of
from pydantic import ValidationError

from phonehome.lab import cloud
from phonehome.lab.cloud import (
    Cloud,
    CloudConfig,
    Group,
    Limits,
    RegionConfig,
    RegionName,
    ResidencyRule,
    Retention,
)
from phonehome.lab.cloud.peers import PeerError
from phonehome.model.errors import ConfigError

BEIJING = RegionName.BEIJING
START = datetime(2014, 8, 7, tzinfo=UTC)
ONE = {BEIJING: RegionConfig()}
Start = Callable[[CloudConfig], AbstractContextManager[Cloud]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a cloud of one region in threads."""

    @contextmanager
    def run(config: CloudConfig) -> Iterator[Cloud]:
        with cloud.start(tmp_path / "cloud", config, mode="threads") as running:
            yield running

    return run


def test_where_messaging_is_opt_in_the_factory_build_gets_nothing(start: Start) -> None:
    with start(CloudConfig(regions=ONE, messaging_default_on=False)) as running, phone_of(running) as phone:
        phone.activate("+12025550141")
        assert phone.send("+12025550142", "hello", "a").json()["reason"] == "consent"
        look_up = {"type": "MXPH", "externalId": "+12025550142"}
        answer = phone.ask("GET", "http://api.account.xiaomi.com/pass/user@id", look_up)
        assert answer.json()["reason"] == "consent"
        phone.consent("messaging", "granted")
        assert phone.data(phone.send("+12025550142", "hello", "b"))["result"] == "sms"


def test_time_deletes_whatever_clients_do(start: Start) -> None:
    config = CloudConfig(
        regions=ONE,
        start=START,
        clock_speed=0,
        retention=Retention(backup_after_withdrawal_s=86_400, session_s=10 * 86_400),
        retention_every_s=0.05,
    )
    with start(config) as running, phone_of(running) as phone, phone_of(running) as sim:
        phone.register("time@example.com")
        phone.consent("backup.notes", "granted")
        phone.data(phone.sync("notes", [{"id": "n", "data": {"text": "soon gone"}}], key="k"))
        sim.activate("+12025550143")
        phone.consent("backup.notes", "withdrawn")
        assert phone.sync("notes", [], key="l").json()["reason"] == "consent"
        assert _holds(running, b"soon gone")
        running.set_time(START + timedelta(days=2))
        end = time.monotonic() + 10
        while _holds(running, b"soon gone"):
            assert time.monotonic() < end
            time.sleep(0.05)
        rows = running.residents(BEIJING)[phone.user_id]["rows"]
        running.set_time(START + timedelta(days=40))
        running.enforce_retention(BEIJING)
        assert running.residents(BEIJING)[phone.user_id]["rows"] < rows
        assert phone.ask("GET", "https://api.account.xiaomi.com/pass/consent").status_code == 401


def test_no_token_comes_back_once_it_is_worth_nothing(start: Start) -> None:
    host = "https://api.account.xiaomi.com"
    config = CloudConfig(regions=ONE, start=START, clock_speed=0, retention_every_s=600)
    with (
        start(config) as running,
        phone_of(running) as phone,
        phone_of(running) as other,
        phone_of(running) as sim,
    ):
        phone.register("again@example.com")
        tokens = [phone.token]
        phone.data(phone.ask("POST", f"{host}/pass/logout"))
        running.set_time(START + timedelta(days=91))
        running.enforce_retention(BEIJING)
        phone.log_in("again@example.com")
        tokens.append(phone.token)
        phone.data(phone.ask("DELETE", f"{host}/pass/account"))
        other.register("again@example.com")  # another person, on a handset of the same name
        assert len({*tokens, other.token}) == 3
        phone.user_id = other.user_id
        for phone.token in tokens:
            assert phone.ask("GET", f"{host}/pass/consent").status_code == 401

        sim.activate("+447700900310")
        sim.data(sim.ask("POST", f"{host}/pass/logout"))
        for days in (91, 300):
            running.set_time(START + timedelta(days=days))
            running.enforce_retention(BEIJING)
            with pytest.raises(PeerError):
                sim.activate("+447700900310")
            assert running.refusals(BEIJING)[-1]["reason"] == "replayed"
            assert sim.ask("GET", f"{host}/pass/consent").status_code == 401


def test_a_stream_ends_with_its_session(start: Start) -> None:
    config = CloudConfig(regions=ONE, start=START, clock_speed=0, retention_every_s=600)
    with (
        start(config) as running,
        phone_of(running) as ann,
        phone_of(running) as bob,
        phone_of(running) as cid,
    ):
        streams = []
        for number, phone in enumerate((ann, bob, cid)):
            phone.activate(f"+44770090032{number}")
            streams.append(Push(phone).connect())
        ann.data(ann.send(bob.number, "in time", "a"))
        streams[1].until("confirmed")
        running.set_time(START + timedelta(days=91))
        with pytest.raises(PushEndedError, match="ended"):
            streams[0].send(bob.number, "from beyond", "b")
        with pytest.raises(PushEndedError, match="unauthenticated"):
            Push(ann).connect()
        assert running.refusals(BEIJING)[-1]["user_id"] == ann.user_id
        running.enforce_retention(BEIJING)
        with pytest.raises(PushEndedError, match="ended"):
            streams[2].until("confirmed")


def test_ids_of_deleted_items_are_not_kept_for_ever_and_a_handset_that_was_away_starts_again(
    start: Start,
) -> None:
    config = CloudConfig(regions=ONE, start=START, clock_speed=0, retention_every_s=600)
    config = config.model_copy(update={"retention": Retention(session_s=1000 * 86_400)})
    with start(config) as running, phone_of(running) as one, phone_of(running) as away:
        one.register("away@example.com")
        one.consent("backup.contacts", "granted")
        away.log_in("away@example.com", "d2")
        ids = [*(f"c{number}" for number in range(149)), "needle"]
        for part in (ids[:100], ids[100:]):
            items = [{"id": name, "data": {}} for name in part]
            one.data(one.sync("contacts", items, key=f"add {len(part)}"))
        old = away.data(away.sync("contacts", [], key="a"))
        gone = [{"id": "needle", "base": 1, "data": None}]
        latest = one.data(one.sync("contacts", gone, key="delete", cursor=old["cursor"]))
        more = [f"d{number}" for number in range(150)]
        one.data(one.sync("contacts", [{"id": name, "data": {}} for name in more], key="more"))
        running.set_time(START + timedelta(days=91))
        assert running.enforce_retention(BEIJING)["deleted_items"] == 1
        assert running.enforce_retention(BEIJING)["deleted_items"] == 0
        assert not _holds(running, b"needle")

        found: dict[str, object] = {}
        cursor, pages = str(old["cursor"]), 0
        while True:
            url = "https://contactapi.micloud.xiaomi.net/mic/v1/items"
            page = away.data(away.ask("GET", url, {"cursor": cursor}))
            assert page.get("restart", False) is (pages == 0)
            found |= {item["id"]: item["data"] for item in page["items"]}
            cursor, pages = str(page["cursor"]), pages + 1
            if not page["more"]:
                break
        assert pages > 1
        assert sorted(found) == sorted([*ids[:-1], *more])
        # Who was there when it was deleted goes on from where it was.
        page = one.data(one.sync("contacts", [], key="on", cursor=latest["cursor"]))
        assert "restart" not in page
        assert len(page["items"]) == 150


def test_a_notice_that_nobody_fetches_is_not_kept_for_ever(start: Start) -> None:
    config = CloudConfig(regions=ONE, start=START, clock_speed=0, retention_every_s=600)
    with start(config) as running, phone_of(running) as ann, phone_of(running) as bob:
        ann.activate("+447700900333")
        bob.activate("+447700900334")
        push = Push(bob).connect()
        assert ann.data(ann.send(bob.number, "too late", "a"))["result"] == "accepted"
        push.close()
        running.set_time(START + timedelta(days=8))
        running.enforce_retention(BEIJING)
        unsent = "https://api.chat.xiaomi.net/mx/v1/unsent"
        assert len(eventually(lambda: ann.data(ann.ask("GET", unsent))["returned"])) == 1
        running.set_time(START + timedelta(days=40))
        running.enforce_retention(BEIJING)
        assert ann.data(ann.ask("GET", unsent)) == {"returned": [], "pending": []}


def _holds(running: Cloud, text: bytes) -> bool:
    return any(text in file.read_bytes() for file in running.folder.glob("beijing.sqlite*"))


def test_a_far_region_is_far_in_every_round_trip_and_streams_keep_their_order(start: Start) -> None:
    far = RegionConfig(delay_ms=100)
    with (
        start(CloudConfig(regions={BEIJING: far})) as running,
        phone_of(running) as phone,
        phone_of(running) as other,
    ):
        began = time.monotonic()
        assert phone.ask("GET", "http://connect.rom.miui.com/generate_204").status_code == 204
        first = time.monotonic() - began
        assert phone.ask("GET", "http://connect.rom.miui.com/generate_204").status_code == 204
        assert first >= 0.2  # TCP, then question and answer
        assert time.monotonic() - began - first >= 0.1
        endpoint = running.resolve("api.account.xiaomi.com", "https")
        began = time.monotonic()
        with (
            socket.create_connection((endpoint.address, endpoint.port), timeout=10) as raw,
            running.client_context().wrap_socket(raw, server_hostname=endpoint.host),
        ):
            assert time.monotonic() - began >= 0.2  # TCP and TLS 1.3, a round trip each
        phone.activate("+12025550144")
        other.activate("+12025550145")
        push = Push(other).connect()
        for number in range(3):
            assert (
                phone.data(phone.send(other.number, f"hello {number}", f"k{number}"))["result"] == "accepted"
            )
        for _ in range(3):
            push.until("confirmed")
        assert list(push.got.values()) == ["hello 0", "hello 1", "hello 2"]


def test_a_large_body_crosses_a_far_line_whole(start: Start) -> None:
    with (
        start(CloudConfig(regions={BEIJING: RegionConfig(delay_ms=20)})) as running,
        phone_of(running) as phone,
    ):
        phone.register("far@example.com")
        phone.consent("backup.photos", "granted")
        url = "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/IMG_1.jpg"
        photo = b"\xff\xd8\xff" + random.Random(5).randbytes(7 << 20)
        phone.data(phone.ask("PUT", url, {"base": "0", "data": "{}"}, key="p", content=photo))
        assert phone.ask("GET", url).content == photo


def test_old_handsets_may_speak_old_tls(start: Start) -> None:
    with start(CloudConfig(regions=ONE, tls_minimum="1.0", server_keylog=True)) as running:
        endpoint = running.resolve("api.account.xiaomi.com", "https")
        old = running.client_context()
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        found = ssl.get_server_certificate((endpoint.address, endpoint.port))
        assert "BEGIN CERTIFICATE" in found
        with (
            socket.create_connection((endpoint.address, endpoint.port), timeout=10) as raw,
            old.wrap_socket(raw, server_hostname=endpoint.host) as secure,
        ):
            assert secure.version() == "TLSv1"
            secure.sendall(
                b"GET /pass/none HTTP/1.1\r\nHost: api.account.xiaomi.com\r\nConnection: close\r\n\r\n"
            )
            assert b"404" in secure.recv(100)
        assert "CLIENT_RANDOM" in (running.folder / "beijing.keys").read_text()


def _story(running: Cloud) -> list[object]:
    with phone_of(running) as ann, phone_of(running) as bob, phone_of(running) as account:
        seen: list[object] = [ann.activate("+12025550144"), bob.activate("+12025550145")]
        push = Push(bob).connect()
        seen += [ann.send(bob.number, "hello", "a").text, push.until("message")]
        push.until("confirmed")
        account.register("seed@example.com")
        seen += [account.user_id, account.token, account.security]
        for url in (
            "http://app.market.xiaomi.com/apm/home?page=2",
            "http://app.market.xiaomi.com/icons/3",
            "http://weatherapi.market.xiaomi.com/weather?city=Delhi",
            "http://miui.com/greetings",
            "http://update.miui.com/updates/miotaV3.php?b=JHCMIBH45.0",
        ):
            answer = account.ask("GET", url)
            seen += [answer.content, sorted(answer.headers.items())]
        return seen


def test_a_seed_and_a_clock_repeat_every_answer(tmp_path: Path) -> None:
    told = []
    for number, seed in enumerate((1, 1, 2)):
        config = CloudConfig(regions=ONE, seed=seed, start=START, clock_speed=0)
        with cloud.start(tmp_path / str(number), config, mode="threads") as running:
            told.append(_story(running))
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_a_cloud_goes_on_where_it_stopped(tmp_path: Path) -> None:
    config = CloudConfig(regions=ONE, seed=9)
    with cloud.start(tmp_path / "cloud", config, mode="threads") as running, phone_of(running) as phone:
        phone.activate("+12025550146")
        endpoints = running.endpoints
    with cloud.start(tmp_path / "cloud", mode="threads", fresh=False) as running:
        assert running.config == config
        assert running.endpoints == endpoints
        with phone_of(running) as again:
            again.user_id, again.token, again.security = phone.user_id, phone.token, phone.security
            assert again.data(again.send("+12025550142", "hello", "a"))["result"] == "sms"


@pytest.mark.parametrize("other", ["thesis.txt", "beijing.sqlite.old", "photos/a.jpg"])
@pytest.mark.parametrize("after_a_cloud", [False, True])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, other: str, after_a_cloud: bool) -> None:
    if after_a_cloud:
        cloud.prepare(tmp_path, CloudConfig(regions=ONE))
    path = tmp_path / other
    path.parent.mkdir(exist_ok=True)
    path.write_text("years of work")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match=f"something else.*{path.relative_to(tmp_path).parts[0]}"):
        cloud.start(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_from_which_a_cloud_runs_is_left_alone(tmp_path: Path) -> None:
    folder, config = tmp_path / "cloud", CloudConfig(regions=ONE)
    with cloud.start(folder, config, mode="threads") as running, phone_of(running) as phone:
        for fresh in (True, False):
            with pytest.raises(ConfigError, match="is running"):
                cloud.start(folder, config, mode="threads", fresh=fresh)
        phone.activate("+447700900330")
    with cloud.start(folder, config, mode="threads") as running:
        assert running.directory.find("phone", "+447700900330") is None


def test_a_region_that_is_not_there_is_refused(start: Start) -> None:
    with pytest.raises(ValidationError, match="singapore"):
        CloudConfig(regions=ONE, home=RegionName.SINGAPORE)
    rule = ResidencyRule(group=Group.PERSONAL, countries=("IN",), region=RegionName.SINGAPORE)
    with pytest.raises(ValidationError, match="singapore"):
        CloudConfig(regions=ONE, residency=(rule,))
    with pytest.raises(ValidationError, match="countries"):
        ResidencyRule(group=Group.PERSONAL, countries=("india",), region=BEIJING)
    with start(CloudConfig(regions=ONE)) as running:
        with pytest.raises(ConfigError, match="singapore"):
            running.set_residency([rule])
        with pytest.raises(ConfigError, match="singapore"):
            running.migrate(BEIJING, RegionName.SINGAPORE)


def test_a_database_elsewhere_is_not_dialled(tmp_path: Path) -> None:
    config = CloudConfig(regions=ONE, database="postgresql+psycopg://lab@192.0.2.1/lab")
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1"):
        cloud.start(tmp_path / "cloud", config)
    assert not (tmp_path / "cloud").exists()


def test_more_streams_than_allowed_are_refused(start: Start) -> None:
    config = CloudConfig(regions=ONE, limits=Limits(streams=1))
    with start(config) as running, phone_of(running) as ann, phone_of(running) as bob:
        ann.activate("+12025550147")
        bob.activate("+12025550148")
        Push(ann).connect()
        push = Push(bob)
        push.open()
        assert push.until("error").attributes["reason"] == "throttled"


def test_background_noise_is_answered_over_every_host(start: Start) -> None:
    with start(CloudConfig(regions=ONE)) as running, phone_of(running) as phone:
        for method, url in (
            ("GET", "http://update.miui.com/packages/JHCMIBH47.0.zip"),
            ("GET", "https://mis.migc.xiaomi.com/migc/home?page=0"),
            ("POST", "https://tracking.miui.com/track?event=boot"),
        ):
            assert phone.ask(method, url).status_code == 200
        assert phone.ask("POST", "https://tracking.miui.com/track").json()["reason"] == "malformed"


def test_a_phone_without_a_session_is_told_so(start: Start) -> None:
    with start(CloudConfig(regions=ONE)) as running, phone_of(running) as phone:
        assert phone.ask("GET", "https://noteapi.micloud.xiaomi.net/mic/v1/items").status_code == 401
