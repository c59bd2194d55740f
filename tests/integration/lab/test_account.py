"""Accounts, activation, look-up and the sealed layer, over real HTTP/1.1, HTTP/2 and TLS."""

import ssl

import httpx
import pytest
from lab_clients import PASSWORD, NewPhone, Phone

from phonehome.lab.cloud import Cloud, RegionName
from phonehome.lab.cloud.sealing import seal_parameters, short_digest

HOST = "api.account.xiaomi.com"
LOOK_UP = {"type": "MXPH", "externalId": "+12025550102"}


def test_the_factory_build_activates_in_clear_and_learns_its_number(new_phone: NewPhone) -> None:
    found = new_phone().activate("+12025550101")
    assert found["phone"] == "+12025550101"
    assert found["imsi"] == "404685505601234"
    assert found["userId"].isdigit()


def test_before_its_sms_came_a_sim_is_told_to_wait(new_phone: NewPhone) -> None:
    url = f"http://{HOST}/pass/activate/dev/{short_digest('490154203237518')}/activating"
    phone = new_phone()
    assert phone.data(phone.ask("GET", url, {"imsi": short_digest("nobody")})) == {"state": "waiting"}


@pytest.mark.parametrize(("scheme", "http2"), [("http", False), ("https", False), ("https", True)])
def test_a_number_is_looked_up_over_every_protocol(new_phone: NewPhone, scheme: str, http2: bool) -> None:
    new_phone("+12025550102")
    phone = new_phone(http2=http2)
    answer = phone.ask("GET", f"{scheme}://{HOST}/pass/user@id", LOOK_UP)
    assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    assert phone.data(answer)["state"] == "offline"


def test_answers_carry_the_date_of_the_scenario(new_phone: NewPhone) -> None:
    phone = new_phone()
    assert " Aug 2014 " in phone.ask("GET", "http://connect.rom.miui.com/generate_204").headers["date"]


def test_a_number_that_nobody_has_is_not_registered(new_phone: NewPhone) -> None:
    phone = new_phone()
    answer = phone.ask("GET", f"http://{HOST}/pass/user@id", {**LOOK_UP, "externalId": "+12025550199"})
    assert phone.data(answer) == {"userId": None, "state": "not-registered"}


def test_the_later_look_up_is_sealed_both_ways(new_phone: NewPhone) -> None:
    phone = new_phone("+12025550103")
    url = f"https://{HOST}/pass/v3/user@id"
    answer = phone.ask("GET", url, LOOK_UP, sealed=True)
    assert "12025550102" not in str(answer.request.url)
    assert answer.headers["content-type"].startswith("text/plain")
    assert phone.data(answer)["state"] in ("offline", "not-registered")
    assert phone.ask("GET", url, LOOK_UP).json()["reason"] == "malformed"


def test_the_later_activation_asks_first(new_phone: NewPhone, running: Cloud) -> None:
    phone = new_phone("+12025550104")
    url = f"https://{HOST}/pass/v3/activate/dev/{short_digest('490154203237518')}/activating"
    sim = short_digest("899112025550104")
    phone.data(phone.ask("POST", url, {"imsi": sim, "consent": "declined", "shown": "May we?"}))
    assert phone.send("+12025550102", "hello", "a").json()["reason"] == "consent"
    phone.data(phone.ask("POST", url, {"imsi": sim, "consent": "granted", "shown": "May we?"}))
    assert phone.data(phone.send("+12025550102", "hello", "b"))["result"] == "sms"
    assert running.refusals(RegionName.BEIJING)[-1]["user_id"] == phone.user_id


def test_another_handset_cannot_activate_a_sim(new_phone: NewPhone) -> None:
    phone = new_phone("+12025550105")
    url = f"http://{HOST}/pass/activate/dev/{short_digest('another')}/activating"
    answer = new_phone().ask("GET", url, {"imsi": short_digest("899112025550105")})
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign")
    assert phone.user_id not in answer.text


def test_an_account_opens_a_session_on_each_of_its_handsets(new_phone: NewPhone) -> None:
    first, second = new_phone(), new_phone()
    first.register("ada@example.com")
    second.log_in("ada@example.com", "d2")
    assert first.user_id == second.user_id
    assert first.token != second.token


def test_registering_a_name_again_takes_its_password(new_phone: NewPhone) -> None:
    phone = new_phone()
    phone.register("bo@example.com")
    url = f"https://{HOST}/pass/register"
    again = {"user": "bo@example.com", "password": "something else", "country": "IN"}
    assert new_phone().ask("POST", url, again).json()["reason"] == "foreign"


def test_a_session_that_ended_is_worth_nothing(new_phone: NewPhone) -> None:
    phone = new_phone()
    phone.register("cy@example.com")
    phone.data(phone.ask("POST", f"https://{HOST}/pass/logout"))
    assert phone.ask("GET", f"https://{HOST}/pass/consent").status_code == 401


def test_passwords_are_not_taken_in_clear(new_phone: NewPhone) -> None:
    given = {"user": "dee", "password": "correct horse", "country": "IN"}
    answer = new_phone().ask("POST", f"http://{HOST}/pass/register", given)
    assert (answer.status_code, answer.json()["reason"]) == (403, "cleartext")


@pytest.mark.parametrize("call", ["serviceLoginAuth2", "register"])
def test_guessing_at_a_password_is_slowed_down(new_phone: NewPhone, running: Cloud, call: str) -> None:
    name = f"eve-{call}@example.com"
    new_phone().register(name)
    given = {"user": name, "deviceId": "d", "country": "IN"}
    url = f"https://{HOST}/pass/{call}"
    phone = new_phone()
    seen = [
        phone.ask("POST", url, {**given, "password": f"wrong horse {number}"}).json()["reason"]
        for number in range(running.config.limits.logins_per_minute + 1)
    ]
    wrong = "unauthenticated" if call == "serviceLoginAuth2" else "foreign"
    assert set(seen) == {wrong, "throttled"}
    # Nor does the right one stand out any more.
    assert phone.ask("POST", url, {**given, "password": PASSWORD}).json()["reason"] == "throttled"
    assert running.refusals(RegionName.BEIJING)[-1]["reason"] == "throttled"


def test_whoever_knows_the_password_may_log_in_as_often_as_they_like(
    new_phone: NewPhone, running: Cloud
) -> None:
    phone = new_phone()
    phone.register("ina@example.com")
    for number in range(running.config.limits.logins_per_minute + 1):
        phone.log_in("ina@example.com", f"d{number}")


def test_a_name_that_nobody_has_is_refused_in_the_same_words(new_phone: NewPhone, running: Cloud) -> None:
    new_phone().register("hal@example.com")
    phone, url = new_phone(), f"https://{HOST}/pass/serviceLoginAuth2"
    told = {}
    for name in ("hal@example.com", "nobody@example.com"):
        guess = {"user": name, "password": "wrong horse", "deviceId": "d"}
        tries = running.config.limits.logins_per_minute + 1
        told[name] = [phone.ask("POST", url, guess).text for _ in range(tries)]
    assert told["hal@example.com"][0] == told["nobody@example.com"][0]
    assert told["hal@example.com"][-1] == told["nobody@example.com"][-1]


def test_a_user_that_there_is_not_is_refused_in_the_same_words(new_phone: NewPhone) -> None:
    phone = new_phone("+12025550107")
    phone.token = "a guess"
    known = phone.ask("GET", f"https://{HOST}/pass/consent")
    phone.user_id = "1234567890"
    unknown = phone.ask("GET", f"https://{HOST}/pass/consent")
    assert known.status_code == unknown.status_code == 401
    assert known.text == unknown.text


def test_a_deleted_account_is_gone(new_phone: NewPhone, running: Cloud) -> None:
    phone = new_phone()
    phone.register("fay@example.com")
    phone.data(phone.ask("DELETE", f"https://{HOST}/pass/account"))
    assert phone.ask("GET", f"https://{HOST}/pass/consent").status_code == 401
    assert phone.user_id not in running.residents(RegionName.BEIJING)


def test_what_a_device_says_after_log_in_is_taken_and_not_kept(new_phone: NewPhone, running: Cloud) -> None:
    phone = new_phone()
    phone.register("gil@example.com")
    given = {"imei": "490154203237518", "phone": "+12025550177"}
    answer = phone.ask("POST", f"http://{HOST}/pass/device", given)
    assert phone.data(answer) == {"received": ["imei", "phone"]}
    running.enforce_retention(RegionName.BEIJING)
    for file in running.folder.iterdir():
        assert b"490154203237518" not in file.read_bytes()
        assert b"12025550177" not in file.read_bytes()


def test_clients_that_do_not_trust_the_labs_authority_are_not_fooled(running: Cloud) -> None:
    endpoint = running.resolve(HOST, "https")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://{endpoint.address}:{endpoint.port}", verify=ssl.create_default_context())


def test_a_sealed_request_works_for_its_own_path_and_method_only(new_phone: NewPhone, running: Cloud) -> None:
    phone: Phone = new_phone("+12025550106")
    nonce = f"x:{int(running.clock.seconds())}"
    given = seal_parameters("GET", "/pass/other", {**LOOK_UP, "_nonce": nonce}, phone.security)
    assert phone.ask("GET", f"https://{HOST}/pass/v3/user@id", given).json()["reason"] == "malformed"
