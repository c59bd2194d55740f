import pytest

from phonehome.model.errors import InputError
from phonehome.wire.tls import KeyLog

RANDOM = bytes(range(32))
MASTER = bytes(range(48))
LINE = b"CLIENT_RANDOM %s %s" % (RANDOM.hex().encode(), MASTER.hex().encode())


@pytest.mark.parametrize(
    "written",
    [
        LINE,
        LINE + b"\r\n",
        LINE + b"\r",
        b"# SSL/TLS secrets log file\n\n" + LINE + b"  \n# end",
        b"\xef\xbb\xbf" + LINE + b"\n",
        LINE.replace(RANDOM.hex().encode(), RANDOM.hex().upper().encode()),
        LINE.replace(MASTER.hex().encode(), MASTER.hex().upper().encode()),
        ("\ufeff" + LINE.decode() + "\r\n").encode("utf-16-le"),
    ],
)
def test_a_line_is_read_however_it_is_written(written: bytes) -> None:
    KeyLog.check(written)
    keys = KeyLog.parse(written)
    assert keys.secret("CLIENT_RANDOM", RANDOM) == MASTER
    assert (len(keys), keys.ignored, keys.unused) == (1, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"GET / HTTP/1.1\r\nHost: cloud.example\r\n\r\n",
        b"\xd4\xc3\xb2\xa1" + bytes(200),
        LINE[:-1],
        LINE.replace(b"CLIENT", b"client"),
        LINE.replace(b" ", b","),
        b"# only a comment\n",
    ],
)
def test_what_is_no_key_log_is_refused_in_one_sentence(data: bytes) -> None:
    for read in (KeyLog.parse, KeyLog.check):
        with pytest.raises(InputError, match="this is no key log") as caught:
            read(data)
        assert "\n" not in str(caught.value)


def test_other_lines_are_ignored_and_counted() -> None:
    keys = KeyLog.parse(LINE + b"\nnonsense\nCLIENT_RANDOM 00 11\n# a comment\n")
    assert (len(keys), keys.ignored) == (1, 2)
    assert keys.add(b"nonsense\n") == 0
    assert keys.ignored == 3


def test_connections_that_nobody_asked_for_are_unused() -> None:
    other = LINE.replace(RANDOM.hex().encode(), bytes(32).hex().encode())
    keys = KeyLog.parse(LINE + b"\n" + other)
    assert keys.unused == 2
    assert keys.secret("CLIENT_RANDOM", RANDOM) == MASTER
    assert keys.unused == 1
    assert keys.secret("CLIENT_TRAFFIC_SECRET_0", bytes(32)) is None
    assert keys.unused == 1


def test_rsa_lines_give_premaster_and_session_secrets() -> None:
    keys = KeyLog.parse(b"RSA 0123456789abcdef " + MASTER.hex().encode())
    keys.add(b"RSA Session-ID:AABB Master-Key:" + MASTER.hex().upper().encode())
    assert keys.premaster(bytes.fromhex("0123456789ABCDEF") + bytes(248)) == MASTER
    assert keys.master_of_session(b"\xaa\xbb") == MASTER
    assert keys.premaster(bytes(256)) is None
    assert keys.master_of_session(b"\xaa") is None
    assert keys.unused == 0


def test_of_two_secrets_of_one_label_the_first_stands() -> None:
    keys = KeyLog.parse(LINE + b"\n" + LINE[:-2] + b"ff\n")
    assert keys.secret("CLIENT_RANDOM", RANDOM) == MASTER


def test_no_secret_stands_in_an_error() -> None:
    with pytest.raises(InputError) as caught:
        KeyLog.parse(LINE[:-1])
    assert MASTER.hex()[:16] not in str(caught.value)


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_what_an_rsa_key_exchange_leads_to_is_told_without_reading_the_lines(encoding: str) -> None:
    ordinary = f"CLIENT_RANDOM {'ab' * 32} {'cd' * 48}\n"
    assert not KeyLog.may_have_premasters(ordinary.encode(encoding))
    for line in (f"RSA {'ab' * 8} {'cd' * 48}\n", f"RSA Session-ID:{'ab' * 32} Master-Key:{'cd' * 48}\n"):
        log = (ordinary + line).encode(encoding)
        assert KeyLog.parse(log).has_premasters
        assert KeyLog.may_have_premasters(log)
