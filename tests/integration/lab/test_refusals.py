"""Requests that are malformed, oversized, replayed or another's are refused, and each is in the log."""

import json
import socket
from itertools import count
from urllib.parse import urlencode

import httpx
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import StreamEnded, StreamReset
from lab_clients import NewPhone, Phone, eventually

from phonehome.lab.cloud import Cloud, RegionName
from phonehome.lab.cloud.sealing import seal_parameters

NOTES = "https://noteapi.micloud.xiaomi.net"
_numbers = count()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def phone(new_phone: NewPhone) -> Phone:
    """An account that backs notes up."""
    made: Phone = new_phone()
    made.register(f"refused{next(_numbers)}@example.com")  # one account may not log in so often
    made.consent("backup.notes", "granted")
    return made


def _last(running: Cloud) -> dict[str, object]:
    return running.refusals(RegionName.BEIJING)[-1]


@pytest.mark.parametrize(
    "changes",
    [
        "",
        "nonsense",
        "{}",
        '[{"id": "a"}, {"id": "a"}]',
        '[{"id": "../../etc"}]',
        '[{"id": "a", "base": "1"}]',
        '[{"id": "a", "data": []}]',
        '[{"id": "a", "extra": 1}]',
        "[" * 10_000,
        '[{"id": "a", "data": {"x": NaN}}]',
        '[{"id": "a", "data": {"x": [-Infinity]}}]',
        '[{"id": "a", "data": {"x": {"y": 1e999}}}]',
        '[{"id": "a", "data": {"x": "\\ud800"}}]',
        '[{"id": "a", "data": {"\\udfff": 1}}]',
        '[{"id": "a", "data": {"x": ' + "9" * 5_000 + "}}]",
        '[{"id": "a", "data": {"x": ' + "[" * 100 + "]" * 100 + "}}]",
    ],
)
def test_changes_of_another_shape_are_malformed(phone: Phone, running: Cloud, changes: str) -> None:
    given = {"cursor": "0", "changes": changes}
    answer = phone.ask("POST", f"{NOTES}/mic/v1/sync", given, key="malformed")
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")
    assert _last(running)["reason"] == "malformed"
    assert _last(running)["user_id"] == phone.user_id
    assert phone.data(phone.ask("GET", f"{NOTES}/mic/v1/items"))["items"] == []


@pytest.mark.parametrize(
    "data", ["[]", "null", '{"x": NaN}', '{"x": "\\ud800"}', '{"x": ' + "[" * 980 + "]" * 980 + "}"]
)
def test_what_comes_with_a_photo_is_held_to_the_same(new_phone: NewPhone, data: str) -> None:
    made = new_phone()
    made.register(f"photos{next(_numbers)}@example.com")
    made.consent("backup.photos", "granted")
    gallery = "https://galleryapi.micloud.xiaomi.net/mic/v1"
    given = {"base": "0", "data": data}
    answer = made.ask("PUT", f"{gallery}/photos/IMG_1.jpg", given, key="p", content=b"\xff\xd8\xff")
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")
    assert made.data(made.ask("GET", f"{gallery}/items"))["items"] == []


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("cursor=-1", b"changes=[]"),
        ("cursor=1e3", b"changes=[]"),
        ("cursor=99999999999999999999", b"changes=[]"),
        ("cursor=0&cursor=1", b"changes=[]"),
        ("cursor=0", b"cursor=1&changes=[]"),
        ("&".join(f"q{n}=1" for n in range(40)), b"&".join(b"p%d=1" % n for n in range(40))),
        ("cursor=0", b"changes=%ff%fe"),
        ("cursor=0", b"\xff\xfe"),
        ("cursor=0", b"changes=%00"),
        ("cursor=0", b"&".join(b"p%d=1" % n for n in range(100))),
    ],
)
def test_parameters_that_cannot_be_meant_are_malformed(phone: Phone, query: str, body: bytes) -> None:
    headers = {**phone.cookies, **FORM, "Idempotency-Key": "x"}
    answer = phone.web.post(f"{NOTES}/mic/v1/sync?{query}", headers=headers, content=body)
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")


def test_too_large_a_body_is_refused_whether_announced_or_not(phone: Phone, running: Cloud) -> None:
    limit = running.config.limits.body_bytes
    headers = {**phone.cookies, **FORM, "Idempotency-Key": "x"}
    announced = phone.web.post(f"{NOTES}/mic/v1/sync", headers=headers, content=b"x" * (limit + 1))
    assert (announced.status_code, _last(running)["reason"]) == (413, "oversized")
    pieces = (b"x" * 65536 for _ in range(limit // 65536 + 2))
    streamed = phone.web.post(f"{NOTES}/mic/v1/sync", headers=headers, content=pieces)
    assert (streamed.status_code, streamed.json()["reason"]) == (413, "oversized")


def test_too_large_an_item_or_too_many_changes_are_refused(phone: Phone, running: Cloud) -> None:
    limits = running.config.limits
    large = [{"id": "a", "data": {"text": "x" * limits.item_bytes}}]
    assert phone.sync("notes", large, key="large").status_code == 413
    many: list[dict[str, object]] = [{"id": str(n), "data": {}} for n in range(limits.changes + 1)]
    assert phone.sync("notes", many, key="many").status_code == 413


def test_a_replayed_request_is_refused(phone: Phone, running: Cloud) -> None:
    given = {"cursor": "0", "changes": "[]", "_nonce": f"replay:{int(running.clock.seconds())}"}
    sealed = urlencode(seal_parameters("POST", "/mic/v1/sync", given, phone.security))
    headers = {**phone.cookies, **FORM, "Idempotency-Key": "replayed"}
    answers = [
        phone.web.post(f"{NOTES}/mic/v1/sync", headers=headers, content=sealed.encode()) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert _last(running)["reason"] == "replayed"


@pytest.mark.parametrize(
    "nonce", ["", "x", "x:", ":1", "x:-1", f"x:{2**70}", "x:1407402000:1", "y" * 70 + ":1"]
)
def test_a_nonce_that_is_none_or_of_another_day_is_refused(phone: Phone, nonce: str) -> None:
    given = seal_parameters("GET", "/mic/v1/items", {"cursor": "0", "_nonce": nonce}, phone.security)
    answer = phone.ask("GET", f"{NOTES}/mic/v1/items", given)
    assert answer.json()["reason"] in ("malformed", "replayed")


def test_a_changed_parameter_breaks_the_signature(phone: Phone, running: Cloud) -> None:
    now = int(running.clock.seconds())
    given = seal_parameters("GET", "/mic/v1/items", {"cursor": "0", "_nonce": f"z:{now}"}, phone.security)
    answer = phone.ask("GET", f"{NOTES}/mic/v1/items", {**given, "_nonce": f"zz:{now}"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")


def test_a_session_of_another_account_is_refused(phone: Phone, new_phone: NewPhone, running: Cloud) -> None:
    other = new_phone()
    other.register(f"other{next(_numbers)}@example.com")
    phone.token = other.token
    assert phone.sync("notes", [], key="other").status_code == 401
    assert _last(running)["user_id"] == phone.user_id


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{NOTES}/mic/v1/nothing"),
        ("PUT", f"{NOTES}/mic/v1/items"),
        ("GET", "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/a%2Fb/c"),
        ("GET", "http://api.account.xiaomi.com/internal/move/export"),
        ("POST", "http://api.account.xiaomi.com/control/refusals"),
    ],
)
def test_what_is_not_there_is_refused_and_logged(phone: Phone, running: Cloud, method: str, url: str) -> None:
    assert phone.ask(method, url).status_code == 404
    assert _last(running)["reason"] == "unknown"


def test_another_host_name_is_refused(running: Cloud) -> None:
    endpoint = running.resolve("api.account.xiaomi.com", "http")
    for host in ("example.com", "xapi.account.xiaomi.com", "[::1]", "", ":", "a" * 300):
        answer = httpx.get(
            f"http://{endpoint.address}:{endpoint.port}/", headers={"Host": host}, trust_env=False
        )
        assert answer.status_code == 404


def test_the_control_address_needs_the_folders_token(running: Cloud) -> None:
    address, port = running.topology.control[RegionName.BEIJING]
    for headers in ({}, {"Authorization": "Bearer guess"}):
        answer = httpx.post(
            f"http://{address}:{port}/control/refusals", headers=headers, json={}, trust_env=False
        )
        assert answer.status_code == 401
        assert (_last(running)["reason"], _last(running)["service"]) == ("unauthenticated", "control")


@pytest.mark.parametrize(
    "data",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: miui.com\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: miui.com\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: miui.com\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_bytes_that_are_not_http_are_refused_logged_and_end_nothing_else(
    running: Cloud, phone: Phone, data: bytes
) -> None:
    endpoint = running.resolve("miui.com", "http")
    with socket.create_connection((endpoint.address, endpoint.port), timeout=10) as raw:
        raw.sendall(data)
        heard = raw.recv(4096)
    assert heard.startswith(b"HTTP/1.1 4")
    # A body that goes wrong in its middle is also one that ended too early: either may be logged last.
    logged = [str(refusal["why"]) for refusal in running.refusals(RegionName.BEIJING)[-2:]]
    assert any("not HTTP/1.1" in why for why in logged)
    assert phone.sync("notes", [], key=f"after {len(data)}").status_code == 200


def test_headers_are_bounded_over_every_protocol(new_phone: NewPhone, running: Cloud) -> None:
    for http2 in (False, True):
        phone = new_phone(http2=http2)
        for headers in ({"X": "a" * 33_000}, {f"X{n}": "a" * 60 for n in range(550)}):
            answer = phone.web.get("https://connect.rom.miui.com/generate_204", headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (413, "oversized")
            assert _last(running)["reason"] == "oversized"


def test_what_is_no_request_at_all_is_in_the_log_too(running: Cloud) -> None:
    endpoint = running.resolve("miui.com", "http")
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    upgrade += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for data, why in (
        (b"GET /greetings HTTP/1.1\r\nHost: miui.com\r\n" + upgrade + b"\r\n", "WebSocket"),
        (b"POST /x HTTP/1.1\r\nHost: miui.com\r\nContent-Length: 100\r\n\r\nuser=a", "ended before"),
    ):
        with socket.create_connection((endpoint.address, endpoint.port), timeout=10) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
        eventually(lambda why=why: why in str(_last(running)["why"]))


def test_a_path_over_http2_that_is_not_ascii_ends_its_stream_alone(running: Cloud) -> None:
    endpoint = running.resolve("miui.com", "https")
    context = running.client_context()
    context.set_alpn_protocols(["h2"])
    talk = H2Connection(H2Configuration(validate_outbound_headers=False, header_encoding="utf-8"))
    talk.initiate_connection()
    for stream, path in ((1, "/gr\u00fc\u00dfe"), (3, "/greetings")):
        pseudo = [(":method", "POST"), (":path", path), (":scheme", "https"), (":authority", "miui.com")]
        talk.send_headers(stream, pseudo)
        talk.send_data(stream, b"hello", end_stream=True)
    ended: dict[int, type[object]] = {}
    with (
        socket.create_connection((endpoint.address, endpoint.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=endpoint.host) as secure,
    ):
        secure.sendall(talk.data_to_send())
        while len(ended) < 2:
            data = secure.recv(65536)
            assert data, "the server closed the connection"
            for event in talk.receive_data(data):
                if isinstance(event, StreamReset | StreamEnded):
                    ended[event.stream_id] = type(event)
    assert ended == {1: StreamReset, 3: StreamEnded}
    logged = [str(refusal["why"]) for refusal in running.refusals(RegionName.BEIJING)[-2:]]
    assert any("not ASCII" in why for why in logged)


def test_the_log_holds_nobodys_values(phone: Phone, running: Cloud) -> None:
    before = len(running.refusals(RegionName.BEIJING))
    account = "http://api.account.xiaomi.com/pass"
    phone.ask("GET", f"{account}/activate/dev/490154203237518/activating")
    phone.ask("GET", f"{account}/activate/dev/490154203237518/+12025550143")
    phone.ask("GET", "https://galleryapi.micloud.xiaomi.net/mic/v1/photos/Bob_12025550143.jpg")
    phone.ask("BOB", f"{account}/consent")
    bad = {"cursor": "0", "changes": '[{"id": "a", "+12025550143 Bob": 1}]'}
    phone.ask("POST", f"{NOTES}/mic/v1/sync", bad, key="x")
    logged = running.refusals(RegionName.BEIJING)[before:]
    assert len(logged) == 5
    for value in ("490154203237518", "12025550143", "Bob", "BOB"):
        assert value not in json.dumps(logged)
    assert logged[0]["path"] == "/pass/activate/dev/…/activating"


def test_the_log_holds_no_content(phone: Phone, running: Cloud) -> None:
    phone.ask("POST", f"{NOTES}/mic/v1/sync", {"cursor": "0", "changes": "my secret note"}, key="x")
    assert "my secret note" not in json.dumps(running.refusals(RegionName.BEIJING))
