"""What the tests record: which requests, over which protocols, in which TLS versions and with which ciphers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from curl_client import Call

BIG = Random("big").randbytes(300_000)
_JSON = b'{"device": {"model": "TA-1053"}, "events": [' + b'{"name": "tap"}, ' * 40 + b'{"name": "end"}]}'
_FORM = b"user=Ada+Lovelace&note=%E2%82%AC+5&empty="

FILES = {
    "large.json": b'{"items": [' + b'{"id": 17, "title": "An ordinary answer"}, ' * 400 + b"{}]}",
    "small.json": b'{"ok": true}',
    "picture.jpg": b"\xff\xd8\xff\xe0" + Random("picture").randbytes(40_000),
    "empty.txt": b"",
}
CALLS = (
    Call(url="https://api.vendor.example/v1/config?lang=en&id=%7B1%7D&empty="),
    Call(
        url="https://api.vendor.example/large.json",
        headers=(("Accept-Encoding", "gzip"), ("X-Long", "x" * 5_000)),
    ),
    Call(
        url="https://api.vendor.example/v1/events",
        method="POST",
        headers=(("Content-Type", "application/json"),),
        body=_JSON,
    ),
    Call(
        url="https://login.vendor.example/form",
        method="POST",
        headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", "a=1; b=2")),
        body=_FORM,
    ),
    Call(url="https://upload.vendor.example/photo.jpg", method="PUT", body=BIG),
    Call(url="https://api.vendor.example/picture.jpg"),
    Call(url="https://api.vendor.example/large.json", method="HEAD", options=("head",)),
    Call(url="https://api.vendor.example/v1/thing/9", method="DELETE"),
    Call(url="https://api.vendor.example/empty.txt"),
    Call(url="https://api.vendor.example/v1/nothing-sent", method="POST", body=b""),
    Call(url="https://api.vendor.example/v1/one", method="POST", body=b"1"),
)
CHUNKED = (
    Call(url="https://upload.vendor.example/stream", method="POST", body=BIG[:150_001], chunked=True),
    Call(url="https://upload.vendor.example/stream/small", method="POST", body=b"x", chunked=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One recording: calls that one run of curl sends with these options.

    Attributes:
        shown: What the recording must say of the TLS that was spoken: version and cipher as tshark numbers them.
    """

    name: str
    calls: tuple[Call, ...] = CALLS
    options: tuple[str, ...] = ()
    ipv6: bool = False
    shown: tuple[str, str] | None = None


def _with(calls: tuple[Call, ...], change: Callable[[Call], Call]) -> tuple[Call, ...]:
    return tuple(change(call) for call in calls)


def _in_clear(port: str = "") -> Callable[[Call], Call]:
    def change(call: Call) -> Call:
        host, slash, rest = call.url.removeprefix("https://").partition("/")
        return replace(call, url=f"http://{host}{port}{slash}{rest}")

    return change


def _closing(call: Call) -> Call:
    return replace(call, headers=(*call.headers, ("Connection", "close")))


_MANY = tuple(
    Call(
        url=f"https://api.vendor.example/many/{number}?n={number}",
        method="POST" if number % 3 else "GET",
        body=BIG[number * 1000 : number * 1000 + number * 120] if number % 3 else None,
        headers=(("X-Number", str(number)),),
    )
    for number in range(120)
)


def _tls(version: str, cipher: str, number: str) -> Scenario:
    """A scenario for one version and cipher; `number` as tshark shows it."""
    codes = {"1.0": "0x0301", "1.1": "0x0302", "1.2": "0x0303"}
    options = ("http1.1", f'tls-max = "{version}"', f'ciphers = "{cipher}:@SECLEVEL=0"', f"tlsv{version}")
    return Scenario(
        name=f"tls{version}-{cipher}",
        calls=(*CALLS, *CHUNKED),
        options=options,
        shown=(codes[version], number),
    )


def _tls13(suite: str, number: str, http: str) -> Scenario:
    calls = CALLS if http == "http2" else (*CALLS, *CHUNKED)
    options = (http, "tlsv1.3", f'tls13-ciphers = "{suite}"')
    return Scenario(name=f"tls1.3-{suite}-{http}", calls=calls, options=options, shown=("0x0304", number))


SCENARIOS = (
    Scenario(name="clear-http1.1", calls=_with((*CALLS, *CHUNKED), _in_clear()), options=("http1.1",)),
    Scenario(name="clear-http1.0", calls=_with(CALLS, _in_clear()), options=("http1.0",)),
    Scenario(
        name="clear-http2",
        calls=_with(CALLS, _in_clear(":8080")),
        options=("http2-prior-knowledge", "parallel", "parallel-immediate"),
    ),
    Scenario(name="clear-ipv6", calls=_with(CALLS, _in_clear()), options=("http1.1",), ipv6=True),
    Scenario(name="http2-ipv6", options=("http2",), ipv6=True),
    Scenario(name="http2-at-once", calls=_MANY, options=("http2", "parallel", "parallel-max = 30")),
    Scenario(name="http1-at-once", calls=_MANY, options=("http1.1", "parallel", "parallel-max = 6")),
    Scenario(name="resumed-1.2", calls=_with(CALLS, _closing), options=("http1.1", 'tls-max = "1.2"')),
    Scenario(name="resumed-1.3", calls=_with(CALLS, _closing), options=("http1.1",)),
    _tls("1.0", "AES128-SHA", "0x002f"),
    _tls("1.0", "ECDHE-RSA-AES256-SHA", "0xc014"),
    _tls("1.1", "ECDHE-ECDSA-AES128-SHA", "0xc009"),
    _tls("1.2", "AES128-SHA256", "0x003c"),
    _tls("1.2", "AES128-GCM-SHA256", "0x009c"),
    _tls("1.2", "AES256-CCM8", "0xc0a1"),
    _tls("1.2", "ECDHE-RSA-AES256-SHA384", "0xc028"),
    _tls("1.2", "ECDHE-RSA-AES128-GCM-SHA256", "0xc02f"),
    _tls("1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "0xc02c"),
    _tls("1.2", "ECDHE-ECDSA-AES128-CCM", "0xc0ac"),
    _tls("1.2", "ECDHE-RSA-CHACHA20-POLY1305", "0xcca8"),
    Scenario(name="tls1.2-http2", options=("http2", 'tls-max = "1.2"')),
    _tls13("TLS_AES_128_GCM_SHA256", "0x1301", "http1.1"),
    _tls13("TLS_AES_256_GCM_SHA384", "0x1302", "http2"),
    _tls13("TLS_CHACHA20_POLY1305_SHA256", "0x1303", "http2"),
    _tls13("TLS_AES_128_CCM_SHA256", "0x1304", "http1.1"),
    _tls13("TLS_AES_128_CCM_8_SHA256", "0x1305", "http2"),
)
