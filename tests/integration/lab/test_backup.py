"""The backup: opt-in by type, two handsets of an account, restoring, deleting, and what is left afterwards."""

import pytest
from lab_clients import NewPhone, Phone

from phonehome.lab.cloud import Cloud, RegionName
from phonehome.lab.cloud.deletions import check

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 50 + b"\xff\xd9"
CONTACT = {"name": "Bob Example", "number": "+12025550143"}


def _account(new_phone: NewPhone, name: str, *kinds: str) -> Phone:
    phone: Phone = new_phone()
    phone.register(f"{name}@example.com")
    for kind in kinds:
        phone.consent(f"backup.{kind}", "granted")
    return phone


def _items(phone: Phone, kind: str, host: str, cursor: int = 0) -> dict[str, object]:
    url = f"https://{host}.micloud.xiaomi.net/mic/v1/items"
    found = phone.data(phone.ask("GET", url, {"cursor": str(cursor)}))
    return {item["id"]: item["data"] for item in found["items"]}


@pytest.mark.parametrize(
    ("kind", "host"),
    [
        ("contacts", "contactapi"),
        ("messages", "smsapi"),
        ("calls", "phonecallapi"),
        ("notes", "noteapi"),
        ("positions", "findapi"),
        ("networks", "wifiapi"),
    ],
)
def test_a_type_is_backed_up_only_when_it_was_agreed_to(new_phone: NewPhone, kind: str, host: str) -> None:
    phone = _account(new_phone, kind)
    assert phone.sync(kind, [{"id": "1", "data": CONTACT}], key="a").json()["reason"] == "consent"
    phone.consent(f"backup.{kind}", "granted")
    assert phone.data(phone.sync(kind, [{"id": "1", "data": CONTACT}], key="b"))["stored"] == {"1": 1}
    assert _items(phone, kind, host) == {"1": CONTACT}


def test_two_handsets_of_an_account_follow_each_other(new_phone: NewPhone) -> None:
    one = _account(new_phone, "two", "contacts")
    other = new_phone()
    other.log_in("two@example.com", "d2")
    cursor = one.data(one.sync("contacts", [{"id": "1", "data": CONTACT}], key="a"))["cursor"]
    seen = other.data(other.sync("contacts", [], key="b"))
    assert [item["data"] for item in seen["items"]] == [CONTACT]
    changed = {"id": "1", "base": 1, "data": {"name": "Robert"}}
    assert other.data(other.sync("contacts", [changed], key="c"))["stored"] == {"1": 2}
    late = one.data(
        one.sync("contacts", [{"id": "1", "base": 1, "data": {"name": "Bobby"}}], key="d", cursor=cursor)
    )
    assert late["conflicts"] == ["1"]
    assert late["items"] == [{"id": "1", "version": 2, "data": {"name": "Robert"}}]
    gone = other.data(other.sync("contacts", [{"id": "1", "base": 2, "data": None}], key="e"))
    assert gone["stored"] == {"1": 3}
    assert one.data(one.sync("contacts", [], key="f", cursor=late["cursor"]))["items"][0]["data"] is None


def test_a_repeated_request_stores_once(new_phone: NewPhone) -> None:
    phone = _account(new_phone, "repeat", "notes")
    change = [{"id": "n", "data": {"text": "milk"}}]
    first = phone.data(phone.sync("notes", change, key="k"))
    again = phone.data(phone.sync("notes", change, key="k"))
    assert first["stored"] == again["stored"] == {"n": 1}
    assert phone.sync("notes", [], key="k").json()["reason"] == "reused-key"


def test_a_reset_handset_gets_everything_back_page_by_page(new_phone: NewPhone) -> None:
    phone = _account(new_phone, "reset", "contacts")
    for start in range(0, 450, 90):
        changes = [{"id": f"c{n}", "data": {"n": n}} for n in range(start, start + 90)]
        phone.data(phone.sync("contacts", changes, key=f"k{start}"))
    phone.log_in("reset@example.com", "after the reset")
    found: dict[str, int] = {}
    cursor, pages = 0, 0
    while True:
        url = "https://contactapi.micloud.xiaomi.net/mic/v1/items"
        page = phone.data(phone.ask("GET", url, {"cursor": str(cursor)}))
        found |= {item["id"]: item["data"]["n"] for item in page["items"]}
        cursor, pages = page["cursor"], pages + 1
        if not page["more"]:
            break
    assert found == {f"c{n}": n for n in range(450)}
    assert pages > 1


def test_a_photo_comes_back_byte_by_byte(new_phone: NewPhone) -> None:
    phone = _account(new_phone, "photo", "photos")
    url = "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/IMG_1.jpg"
    given = {"base": "0", "data": '{"taken": "2014-08-07"}'}
    stored = phone.data(phone.ask("PUT", url, given, key="p", content=JPEG))
    assert stored["stored"] == {"IMG_1.jpg": 1}
    assert phone.ask("GET", url).content == JPEG
    assert phone.ask("GET", url.replace("_1", "_2")).status_code == 404


def test_a_photo_survives_a_change_of_what_is_said_of_it(new_phone: NewPhone) -> None:
    phone = _account(new_phone, "said", "photos")
    url = "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/IMG_1.jpg"
    phone.data(phone.ask("PUT", url, {"base": "0"}, key="p", content=JPEG))
    said = {"id": "IMG_1.jpg", "base": 1, "data": {"taken": "in Delhi"}}
    assert phone.data(phone.sync("photos", [said], key="s"))["stored"] == {"IMG_1.jpg": 2}
    assert phone.ask("GET", url).content == JPEG
    gone = {"id": "IMG_1.jpg", "base": 2, "data": None}
    phone.data(phone.sync("photos", [gone], key="g"))
    assert phone.ask("GET", url).status_code == 404


def test_a_photos_bytes_are_bytes_whatever_type_they_are_given(new_phone: NewPhone) -> None:
    phone = _account(new_phone, "typed", "photos")
    url = "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/IMG_1.jpg"
    headers = {
        **phone.cookies,
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": "p",
    }
    assert phone.web.put(f"{url}?base=0", headers=headers, content=b"a=1").status_code == 200
    assert phone.ask("GET", url).content == b"a=1"
    empty = phone.ask("PUT", url, {"base": "1"}, key="q", content=b"")
    assert empty.json()["reason"] == "malformed"


def test_withdrawing_deletes_and_deleting_is_logged(new_phone: NewPhone, running: Cloud) -> None:
    phone = _account(new_phone, "withdraw", "photos", "notes")
    url = "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/IMG_9.jpg"
    phone.data(phone.ask("PUT", url, {"base": "0"}, key="p", content=JPEG + b"find me"))
    phone.data(phone.sync("notes", [{"id": "n", "data": {"text": "remember the milk"}}], key="n"))
    before = len(running.deletions(RegionName.BEIJING)["entries"])
    phone.consent("backup.photos", "withdrawn")
    assert phone.ask("GET", url).json()["reason"] == "consent"
    deleted = phone.data(phone.ask("DELETE", "https://noteapi.micloud.xiaomi.net/mic/v1/items"))
    assert deleted == {"deleted": 1}
    assert _items(phone, "notes", "noteapi") == {"n": None}
    running.enforce_retention(RegionName.BEIJING)
    for file in running.folder.iterdir():
        assert b"find me" not in file.read_bytes()
        assert b"remember the milk" not in file.read_bytes()
    attested = running.deletions(RegionName.BEIJING)
    assert len(attested["entries"]) == before + 2
    assert check(attested) is None
    attested["entries"][before]["record"] = attested["entries"][before]["record"].replace(
        '"count": 1', '"count": 0'
    )
    assert check(attested) == f"record {before} was changed after it was written"


def test_nobody_sees_the_backup_of_another_account(new_phone: NewPhone, running: Cloud) -> None:
    ada, eve = _account(new_phone, "ada2", "notes"), _account(new_phone, "eve2", "notes")
    ada.data(ada.sync("notes", [{"id": "n", "data": {"text": "mine"}}], key="a"))
    assert _items(eve, "notes", "noteapi") == {}
    eve.user_id = ada.user_id  # with a token of her own
    answer = eve.ask("GET", "https://noteapi.micloud.xiaomi.net/mic/v1/items")
    assert answer.status_code == 401
    refusal = running.refusals(RegionName.BEIJING)[-1]
    assert (refusal["reason"], refusal["user_id"]) == ("unauthenticated", ada.user_id)
