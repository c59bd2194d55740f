"""Ciphertext in a query counts as unreadable; tokens, digests and ids, of which queries are full, do not."""

import base64
import hashlib
import random
import uuid
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from detecting import EMAIL, IMEI, examine, known, sent, subject_of

from phonehome.lab.cloud.sealing import seal_parameters

SUBJECT = subject_of(known("imei", IMEI), known("email", EMAIL))
NOISE = random.Random(7)
HEADER = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
CLAIMS = base64.urlsafe_b64encode(b'{"sub":"user","iat":1516239022}').decode().rstrip("=")


def unreadable(**query: str) -> int:
    return unreadable_of(b"https://collect.example.net/v1?" + urlencode(query).encode())


def unreadable_of(url: bytes) -> int:
    exchange = sent(url=url)
    assert exchange.request is not None
    # A head goes up with every request, and the URL in it.
    request = replace(exchange.request, size=len(url) + 200)
    (examined,) = examine(SUBJECT, replace(exchange, request=request))
    return examined.unreadable_up


def noise(size: int) -> str:
    return base64.b64encode(NOISE.randbytes(size)).decode()


def test_parameters_that_an_app_encrypted_one_by_one_are_unreadable() -> None:
    counted = 0
    for number in range(60):
        given = {"type": "MXPH", "externalId": f"+1202555{number:04}", "_nonce": f"{number:016x}:1407400000"}
        sealed = seal_parameters("GET", "/pass/v3/user@id", given, random.Random(number).randbytes(16))
        size = unreadable(**sealed)
        assert size in (
            0,
            len(urlencode({"": sealed["type"]})) + len(urlencode({"": sealed["externalId"]})) - 2,
        )
        counted += size > 0
    # One block of a cipher may by accident begin as some format does.
    assert counted >= 55


def test_one_long_ciphertext_that_is_most_of_a_query_is_unreadable() -> None:
    assert unreadable(v="1", data=noise(200)) > 200
    assert unreadable(v="1", data=NOISE.randbytes(200).hex()) == 400


@pytest.mark.parametrize(
    "query",
    [
        {"access_token": noise(300), "v": "2"},
        {"sessionId": noise(32), "sid": noise(16)},
        {"X-Amz-Signature": NOISE.randbytes(256).hex(), "X-Amz-Expires": "60"},
        {"id_token_hint": noise(96)},
        {"q": f"{HEADER}.{CLAIMS}.{base64.urlsafe_b64encode(NOISE.randbytes(255)).decode()}"},
        {"h": base64.b64encode(hashlib.sha512(b"x").digest()).decode()},
        {"h": base64.b64encode(hashlib.sha256(b"x").digest()).decode()},
        {
            "a": hashlib.md5(b"a").hexdigest(),
            "b": hashlib.sha256(b"b").hexdigest(),
            "c": uuid.UUID(int=7).hex,
        },
        {"a": base64.b64encode(hashlib.sha1(b"a").digest()).decode(), "b": noise(20)},
        {"u": noise(16)},
        {"u": noise(16), "w": noise(16), "text": "plain words of a search " * 4},
        {"ids": ",".join(str(uuid.UUID(int=NOISE.getrandbits(128))) for _ in range(4))},
        {"url": "https://ads.example.net/clk?label=" + "plain" * 60 + "&ai=" + noise(120)},
        {"q": "plain words, many " * 20},
    ],
    ids=lambda query: "+".join(query),
)
def test_what_queries_are_full_of_is_not_unreadable(query: dict[str, str]) -> None:
    assert unreadable(**query) == 0


def test_a_token_of_a_path_is_not_unreadable() -> None:
    token = base64.urlsafe_b64encode(NOISE.randbytes(120)).decode()
    assert unreadable_of(f"https://collect.example.net/v1/{token}/x?page=2".encode()) == 0


def test_several_secrets_below_one_span_count_its_bytes_once() -> None:
    fields = b"".join(b"\x0a\x50" + NOISE.randbytes(80) for _ in range(8))
    body = base64.b64encode(fields)
    (examined,) = examine(SUBJECT, sent(body))
    assert 0 < examined.unreadable_up <= len(body)
