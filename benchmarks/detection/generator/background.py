"""What an ordinary request holds beside anything of interest: session ids, tokens, hashes, blobs, times."""

import base64
import gzip
import hashlib
import json
from random import Random

from benchmarks.detection.generator import words
from benchmarks.detection.generator.checkdigits import hexadecimal, uuid_text
from benchmarks.detection.generator.payload import Scalar

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

HOSTS = (
    "api.metrics-cdn.example",
    "collect.adnet.example",
    "push.gateway.example",
    "sdk.tracker.example",
    "app.shop.example",
    "cdn.images.example",
    "log.telemetry.example",
    "cfg.cloud.example",
    "t.attribution.example",
    "weather.widgets.example",
    "sync.contacts.example",
    "login.account.example",
)
PATHS = (
    "v1",
    "v2",
    "collect",
    "event",
    "batch",
    "api",
    "device",
    "register",
    "sync",
    "log",
    "upload",
    "config",
    "init",
    "track",
    "p",
)
KEYS = (
    "sid",
    "ts",
    "v",
    "lang",
    "screen",
    "evt",
    "seq",
    "build",
    "net",
    "tz",
    "ref",
    "cid",
    "ab_test",
    "nonce",
    "sdk",
    "hash",
    "payload",
    "sig",
    "q",
    "os",
    "trace",
    "page",
    "dpi",
    "locale",
    "state",
    "etag",
    "bucket",
    "uptime",
    "session",
    "request_id",
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def token(rng: Random, low: int = 16, high: int = 48) -> str:
    """A random token of letters and digits."""
    return "".join(rng.choices(LETTERS, k=rng.randint(low, high)))


def milliseconds(rng: Random) -> int:
    """A recent time in milliseconds since 1970."""
    return 1_760_000_000_000 + rng.randrange(20_000_000_000)


def unrelated_digest(rng: Random) -> str:
    """A digest of something nobody knows."""
    name = rng.choice(("md5", "sha1", "sha256"))
    text = hashlib.new(name, rng.randbytes(12)).hexdigest()
    return text.upper() if rng.random() < 0.2 else text


def unrelated_blob(rng: Random) -> str:
    """Base 64 of gzip of JSON, of plain JSON, or of random bytes."""
    document = json.dumps({key: noise_scalar(rng) for key in rng.sample(KEYS, 4)}).encode()
    raw = rng.choice((gzip.compress(document, mtime=0), document, rng.randbytes(rng.randint(16, 60))))
    encode = rng.choice((base64.b64encode, base64.urlsafe_b64encode))
    return encode(raw).decode()


def noise_scalar(rng: Random) -> str | int:
    """One unrelated value, small and cheap."""
    kind = rng.randrange(8)
    if kind == 0:
        return milliseconds(rng)
    if kind == 1:
        return uuid_text(rng)
    if kind == 2:
        return rng.randrange(100_000)
    if kind == 3:
        return unrelated_digest(rng)
    if kind == 4:
        return rng.choice(words.NOISE_TEXTS)
    if kind == 5:
        return f"{rng.randrange(1, 20)}.{rng.randrange(30)}.{rng.randrange(9999)}"
    return (
        token(rng, 6, 26)
        if kind == 6
        else rng.choice(("en_US", "de-DE", "wifi", "android", "portrait", "true", "UTC+1"))
    )


def noise_text(rng: Random) -> str:
    """One unrelated value as text; at times a blob."""
    return unrelated_blob(rng) if rng.random() < 0.1 else str(noise_scalar(rng))


def noise_json(rng: Random, depth: int = 2) -> Json:
    """An unrelated JSON value, nested a little."""
    draw = rng.random()
    if depth and draw < 0.15:
        return {key: noise_json(rng, depth - 1) for key in rng.sample(KEYS, rng.randint(1, 4))}
    if depth and draw < 0.25:
        return [noise_json(rng, 0) for _ in range(rng.randint(0, 4))]
    if draw < 0.4:
        return rng.choice((True, False, None, round(rng.uniform(0, 100), 3), rng.randrange(5000)))
    return unrelated_blob(rng) if draw < 0.46 else noise_scalar(rng)


def noise_fields(rng: Random, low: int = 2, high: int = 6) -> list[tuple[str, Scalar]]:
    """Unrelated keys with text or numbers."""
    return [(key, noise_scalar(rng)) for key in rng.sample(KEYS, rng.randint(low, high))]


def user_agent(rng: Random) -> str:
    """What an Android browser, the system's HTTP client or a library calls itself."""
    model, version = rng.choice(words.USER_AGENT_MODELS), rng.randint(8, 15)
    chrome = f"{rng.randint(90, 140)}.0.{rng.randrange(7000)}.{rng.randrange(200)}"
    return rng.choice(
        (
            f"Mozilla/5.0 (Linux; Android {version}; {model}) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{chrome} Mobile Safari/537.36",
            f"Dalvik/2.1.0 (Linux; U; Android {version}; {model} Build/{token(rng, 6, 6).upper()})",
            f"okhttp/{rng.randint(3, 5)}.{rng.randint(0, 12)}.{rng.randint(0, 3)}",
        )
    )


def cookies(rng: Random) -> list[tuple[str, str]]:
    """Cookies of sessions and of measurement."""
    made = [
        ("sessionid", token(rng, 24, 32)),
        ("_ga", f"GA1.2.{rng.randrange(10**9)}.{milliseconds(rng) // 1000}"),
    ]
    made.append(("csrf", hexadecimal(rng, 32)))
    return rng.sample(made, rng.randint(0, 3))


def small_response(rng: Random) -> tuple[str, str]:
    """Text and media type of an answer nobody cares about."""
    if rng.random() < 0.4:
        return "", "text/plain"
    return json.dumps({"status": "ok", "id": uuid_text(rng), "ts": milliseconds(rng)}), "application/json"
