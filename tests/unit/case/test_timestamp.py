"""Time stamps, by a real service: what fits passes offline, and nothing else does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from timestamp_service import Service, make_authority, timestamp_service

from phonehome.case.der import sort_certificates
from phonehome.case.timestamp import BadStamp, check_stamp, load_anchors, request_stamp
from phonehome.model.errors import ConfigError

pytestmark = pytest.mark.needs_tool("openssl")
DATA = b"an envelope"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with timestamp_service(tmp_path_factory.mktemp("tsa")) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    running.behave = "well"
    return running


@pytest.fixture(scope="module")
def reply(running: Service) -> bytes:
    running.behave = "well"
    return request_stamp(running.url, DATA, load_anchors([running.root_certificate]))[0]


def test_a_stamp_that_the_named_authority_made_is_without_doubt(service: Service) -> None:
    anchors = load_anchors([service.root_certificate])
    reply, stamp = request_stamp(service.url, DATA, anchors)
    assert (stamp.authority, stamp.doubt) == ("CN=Test Stamps", None)
    assert check_stamp(reply, DATA, anchors) == stamp


def test_only_a_digest_goes_out(service: Service) -> None:
    service.requests.clear()
    secret = b"490154203237518" * 10
    request_stamp(service.url, secret, [])
    assert len(service.requests) == 1
    assert secret[:15] not in service.requests[0]
    assert len(service.requests[0]) < 200


def test_an_authority_that_nobody_vouches_for_leaves_a_doubt(reply: bytes) -> None:
    assert check_stamp(reply, DATA, []).doubt == "no certificate that is trusted here vouches for it"


def test_another_root_vouches_for_nothing(reply: bytes, tmp_path: Path) -> None:
    make_authority(tmp_path)
    assert check_stamp(reply, DATA, load_anchors([tmp_path / "root.pem"])).doubt is not None


def test_a_stamp_over_something_else_does_not_pass(reply: bytes) -> None:
    with pytest.raises(BadStamp, match="over something else"):
        check_stamp(reply, DATA + b"!", [])


def test_a_service_that_sends_its_whole_chain_in_any_order_is_read(service: Service) -> None:
    service.behave = "with the whole chain"
    anchors = load_anchors([service.root_certificate])
    reply, stamp = request_stamp(service.url, DATA, anchors)
    assert stamp.doubt is None
    assert sort_certificates(sort_certificates(reply)) == sort_certificates(reply)


def test_a_signature_that_was_changed_does_not_pass(reply: bytes, running: Service) -> None:
    anchors = load_anchors([running.root_certificate])
    with pytest.raises(BadStamp, match="signature does not hold"):
        check_stamp(reply[:-1] + bytes([reply[-1] ^ 1]), DATA, anchors)


def test_no_changed_byte_makes_another_time_pass(reply: bytes, running: Service) -> None:
    anchors = load_anchors([running.root_certificate])
    good = check_stamp(reply, DATA, anchors)
    for at in range(len(reply)):
        changed = reply[:at] + bytes([reply[at] ^ 0x01]) + reply[at + 1 :]
        try:
            found = check_stamp(changed, DATA, anchors)
        except BadStamp:
            continue
        assert found.doubt is not None or found.at == good.at


def test_no_cut_reply_passes(reply: bytes) -> None:
    for end in range(0, len(reply), 7):
        with pytest.raises(BadStamp):
            check_stamp(reply[:end], DATA, [])


@pytest.mark.parametrize(
    ("behave", "sentence"),
    [
        ("500", "cannot be used: HTTP Error 500"),
        ("redirects", "cannot be used: HTTP Error 302"),
        ("answers another", "not accepted: it "),
        ("nonsense", "no reply of RFC 3161"),
        ("refuses", "no reply of RFC 3161, or a refusal"),
        ("endless", "sent more than 1 MiB"),
    ],
)
def test_a_service_that_misbehaves_is_a_sentence(service: Service, behave: str, sentence: str) -> None:
    service.requests.clear()
    request_stamp(service.url, DATA, [])
    service.behave = behave
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1.*{sentence}"):
        request_stamp(service.url, DATA, [])


def test_a_reply_to_another_request_over_the_same_bytes_is_refused_by_its_nonce(reply: bytes) -> None:
    with pytest.raises(BadStamp, match="nonce is not ours"):
        check_stamp(reply, DATA, [], nonce=12345)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/", "tsa.example", "http://", "http://x:99999/", ""]
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="no address of a time-stamp service"):
        request_stamp(url, DATA, [])


def test_a_service_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"cannot be used: .*refused"):
        request_stamp("http://127.0.0.1:9/tsr", DATA, [])


def test_what_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"x\.pem: holds no certificate"):
        load_anchors([tmp_path / "x.pem"])
