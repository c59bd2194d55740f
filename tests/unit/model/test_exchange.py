"""Exchanges and messages that are made the quick way are those of the constructor."""

import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime

import pytest

from phonehome.model.exchange import Exchange, Message, Protocol, Transport, build_exchange, build_message

MESSAGE = Message(headers=((b"a", b"b"),), body=b"c", codings=("gzip",), size=9, truncated=True, missing=2)
EXCHANGE = Exchange(
    input=1,
    index=2,
    time=datetime(2024, 5, 1, tzinfo=UTC),
    protocol=Protocol.HTTP_2,
    method="GET",
    url=b"https://example.org/",
    host="example.org",
    address="192.0.2.1",
    port=443,
    transport=Transport.TLS,
    app="org.example.app",
    packets=(1, 3),
    status=200,
    request=MESSAGE,
    inbound=True,
)


def others(exchange: Exchange) -> dict[str, object]:
    named = {field.name: getattr(exchange, field.name) for field in fields(exchange)}
    return {name: value for name, value in named.items() if name not in ("input", "index")}


def test_a_built_message_is_like_any_other() -> None:
    built = build_message(MESSAGE.headers, b"c", ("gzip",), 9, truncated=True, missing=2)
    assert type(built) is Message
    assert (built, hash(built), repr(built)) == (MESSAGE, hash(MESSAGE), repr(MESSAGE))
    assert pickle.loads(pickle.dumps(built)) == MESSAGE
    assert replace(built, body=b"d") == replace(MESSAGE, body=b"d")
    with pytest.raises(FrozenInstanceError):
        built.body = b""  # type: ignore[misc]  # what it must refuse


def test_a_built_exchange_is_like_any_other() -> None:
    built = build_exchange(1, 2, others(EXCHANGE))
    assert type(built) is Exchange
    assert (built, hash(built), repr(built)) == (EXCHANGE, hash(EXCHANGE), repr(EXCHANGE))
    assert pickle.loads(pickle.dumps(built)) == EXCHANGE
    with pytest.raises(FrozenInstanceError):
        built.index = 3  # type: ignore[misc]  # what it must refuse


def test_what_is_not_said_of_an_exchange_is_as_the_constructor_has_it() -> None:
    assert build_exchange(0, 5, {"protocol": Protocol.RAW}) == Exchange(index=5, protocol=Protocol.RAW)
