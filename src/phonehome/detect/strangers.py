"""What looks like somebody else's data: told by its shape alone, and masked by its kind.

Separators may be percent-encoded, once or several times over: people read those without effort. Words, versions,
paths and host names have other shapes and stay readable.
"""

import base64
import binascii
import re
from collections.abc import Callable
from itertools import pairwise

_ENCODED = r"%(?:25){0,4}"
_ESCAPE_BEFORE = r"(?<=%[0-9A-Fa-f]{2})|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4})|(?<=\\[nrt])"
_NOT_IN_ESCAPE = r"(?<!%)(?<!%[0-9A-Fa-f])(?!(?<=\\)[nrtux])"
_START = rf"(?:(?<![0-9A-Za-z])|{_ESCAPE_BEFORE})"
_END = r"(?![0-9A-Za-z])"
_COLON = rf"(?::|{_ENCODED}3[Aa])"
_OCTET_GAP = rf"(?:[:-]|{_ENCODED}(?:3[Aa]|2[Dd]))"
_DIGIT_GAP = rf"(?:[ ().+-]|{_ENCODED}2(?:[089DdEe]))"
_GROUP = r"[0-9A-Fa-f]{1,4}"

_EMAIL = re.compile(
    rf"(?:[\w.+-]|{_ENCODED}2[Bb]){{1,64}}+(?:@|{_ENCODED}40|\\u0040)"
    rf"[\w-]{{1,63}}(?:(?:\.|{_ENCODED}2[Ee])[\w-]{{1,63}})+"
)
_MAC = re.compile(rf"{_START}(?:[0-9A-Fa-f]{{2}}{_OCTET_GAP}){{5}}[0-9A-Fa-f]{{2}}{_END}")
_NUMBER = re.compile(
    rf"(?:\+|{_ENCODED}2[Bb])?{_NOT_IN_ESCAPE}\d(?:{_DIGIT_GAP}{{0,3}}\d){{6,}}",
)

Replacement = str | Callable[[re.Match[str]], str]

MIN_SERIAL = 10
"""Characters of a word of letters and digits that may be a serial number or a session's name."""

_MIN_CHANGES = 3
_MIN_DIGITS = 4
_MIN_BASE64 = 8
_MIN_TOKEN = 20


def _mask_run(match: re.Match[str]) -> str:
    """Mask what is made as serial numbers and cookies are, or is Base64 of a person's data.

    A long run goes whole, for a slash may be Base64's; a short one is a path, and its other steps stand.
    """
    run = match.group()
    steps = ["‹token›" if _is_personal(step) else step for step in run.split("/")]
    if "‹token›" in steps and len(run) >= _MIN_TOKEN:
        return "‹token›"
    return "/".join(steps)


def _is_personal(run: str) -> bool:
    return any(map(_is_serial, re.split("[+_=-]+", run))) or _is_base64_of_personal(run)


def _is_serial(word: str) -> bool:
    """Whether letters and digits alternate, or digits are many: `R58M4219ZKX`, but not `SHA256withRSA`."""
    if len(word) < MIN_SERIAL or word.isdigit():
        return False
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(word))
    return changes >= _MIN_CHANGES or sum(map(str.isdigit, word)) >= _MIN_DIGITS


def _is_base64_of_personal(run: str) -> bool:
    stripped = run.rstrip("=")
    if len(stripped) < _MIN_BASE64:
        return False
    try:
        decoded = base64.urlsafe_b64decode(stripped.replace("+", "-") + "=" * (-len(stripped) % 4))
        text = decoded.decode("ascii")
    except (binascii.Error, ValueError):
        return False
    return any(pattern.search(text) for pattern in (_EMAIL, _MAC, _NUMBER))


_STRANGERS: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (_EMAIL, "‹e-mail›"),
    (re.compile(rf"{_START}[0-9A-Fa-f]{{8}}-?(?:[0-9A-Fa-f]{{4}}-?){{3}}[0-9A-Fa-f]{{12}}{_END}"), "‹uuid›"),
    (_MAC, "‹mac›"),
    (
        # IPv6 in full, or shortened by `::`; a URL's host is the destination, and stands.
        re.compile(
            rf"(://\[)?{_START}(?=\S{{0,100}}\d)[0-9A-Fa-f]{{4}}(?:(?:{_COLON}{_GROUP}){{7}}"
            rf"|(?:{_COLON}{_GROUP}){{0,6}}{_COLON}{{2}}(?:{_GROUP}(?:{_COLON}{_GROUP}){{0,6}})?){_END}"
        ),
        lambda match: match.group() if match.group(1) else "‹ip›",
    ),
    (re.compile(r"(?<![\w.])-?\d{1,3}\.\d{3,}(?!\.)"), "‹decimal›"),
    (
        re.compile(rf"{_START}(?=[0-9]{{0,64}}[A-Fa-f])(?=[A-Fa-f]{{0,64}}\d)[0-9A-Fa-f]{{12,}}{_END}"),
        "‹hex›",
    ),
    (
        # Not what a host name begins with: `d3jdlwnuo8nsnr.cloudfront.net`.
        re.compile(
            rf"(?:(?<![0-9A-Za-z+/_-]){_NOT_IN_ESCAPE}|{_ESCAPE_BEFORE})[0-9A-Za-z+/_-]{{{_MIN_BASE64},}}+={{0,2}}"
            r"(?!\.[a-z0-9-]{1,63}\.[a-z]{2,})"
        ),
        _mask_run,
    ),
    (_NUMBER, "‹number›"),
    (re.compile(r"(?<![0-9A-Za-z])(?=[^\s]{0,200}\d)[0-9A-Fa-f]{12,}"), "‹hex›"),
    (re.compile(rf"(?=[A-Za-z/_+-]{{0,200}}\d)[A-Za-z0-9+/_-]{{{_MIN_TOKEN},}}={{0,2}}"), "‹token›"),
    (
        re.compile(
            r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,40}\d)(?=[A-Z0-9]{0,40}[a-z])(?=[a-z0-9]{0,40}[A-Z])[A-Za-z0-9_-]{16,}={0,2}"
        ),
        "‹token›",
    ),
    (re.compile(rf"(?:{_ENCODED}[0-9A-Fa-f]{{2}}){{4,}}|(?:\\{{1,2}}u[0-9A-Fa-f]{{4}}){{4,}}"), "‹escaped›"),
    (re.compile(r"(?:#?\w{1,5};)?(?:&#[xX]?[0-9A-Fa-f]{1,6};){2,}(?:&#?\w{0,6})?"), "‹escaped›"),
    # What follows a digest that a slash of Base64 seemed to end.
    (
        re.compile(
            r"(?<=[›\udc00-\udfff])[/+](?:[A-Za-z0-9+/]{6,}={1,2}|(?=[A-Za-z]{0,40}\d)[A-Za-z0-9+/]{10,})"
        ),
        "‹token›",
    ),
    # Digits that touch a known value's mark: what is left of a number gives the rest away.
    (re.compile(r"(?<=[\udc00-\udfff])\d+|(?<![%\\0-9A-Za-z])\d+(?=[\ud800-\udbff])"), ""),
)


def mask_strangers(text: str) -> str:
    """Replace what looks like somebody's data by its kind: `‹e-mail›`, `‹number›`, `‹token›`.

    Known values must stand as pairs of surrogates in `text`, which nothing here changes.
    """
    for pattern, replacement in _STRANGERS:
        text = pattern.sub(replacement, text)
    return text
