"""Writing a request as bytes, and saying what of it an audit must find, in the words of the documentation.

This is an encoder of the lab's own: nothing of the detector is used, or its mistakes would be agreed with.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlsplit

from phonehome.lab.cloud.sealing import seal_parameters
from phonehome.lab.handset.build import Body, BodyKind, Part, Request
from phonehome.lab.handset.expressions import DIGESTS, Expression, Own, Values, Written
from phonehome.model.subject import KnownValue

FORM_TYPE = "application/x-www-form-urlencoded"
PERCENT = "percent"
WHOLE = "/bytes"
"""What the documentation of detection calls a value that is sent as the bytes of its file."""

_PARTS = {"url": "request.url", "query": "request.url", "header": "request.headers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A known value in a request: how it is written, and where.

    `is_sealed` says that it lies under a key that no recording has.
    """

    value: KnownValue
    form: str
    chain: tuple[str, ...]
    path: str
    is_sealed: bool = False

    @property
    def part(self) -> str:
        """In which part of a request it stands."""
        begin, colon, _ = self.path.partition(":")
        return _PARTS.get(begin, "request.body") if colon else "request.body"

    @property
    def method(self) -> str:
        """Whether it went itself, or a digest of it."""
        return "digest" if set(self.form.split("/")[1:]) & set(DIGESTS) else "decoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRequest:
    """A request as it is sent, and the known values in it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    placed: tuple[Placed, ...] = ()

    @property
    def host(self) -> str:
        """Whom it goes to."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_clear(self) -> bool:
        """Whether it goes without TLS."""
        return self.url.startswith("http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What the vendor's own layer needs: the session's key, and a nonce with the cloud's time in it."""

    key: bytes
    nonce: str


def write_request(
    request: Request, values: Values, own: Own, sealing: Sealing | None = None
) -> WrittenRequest | None:
    """Write a request; None if its URL needs a value that is not in play. Fields without a value are left out."""
    placed: list[Placed] = []
    parts = request.url.write(values, own)
    if parts is None:
        return None
    url = _write_url(parts, placed)
    headers = write_headers(request.headers, values, own, placed)
    pairs, content = {}, b""
    for name, expression in request.query.items():
        written = expression.write(values, own)
        if written is not None:
            pairs[name] = written.text
            _place(placed, written, ("query", *_percent(written.text)), f"query:{name}")
    if request.body is not None:
        content, more = _write_body(request, request.body, values, own, sealing, placed)
        pairs |= more
        kind = _content_type(request, request.body)
        headers |= {"content-type": kind} if kind else {}
    if pairs:
        url += "?" + _encode(pairs)
    return WrittenRequest(
        method=request.method, url=url, headers=headers, content=content, placed=tuple(placed)
    )


def write_headers(
    headers: Mapping[str, Expression], values: Values, own: Own, placed: list[Placed]
) -> dict[str, str]:
    """Write headers; what they hold of known values is added to `placed`."""
    found = {}
    for name, expression in headers.items():
        written = expression.write(values, own)
        if written is not None:
            found[name] = written.text
            _place(placed, written, (), f"header:{name}")
    return found


def _write_url(parts: Iterable[Written], placed: list[Placed]) -> str:
    url = ""
    for part in parts:
        # The builds' own text was checked when it was loaded; what is put into it may hold anything.
        text = part.text if part.value is None else quote(part.text, safe="")
        if part.value is not None:
            segment = urlsplit(url).path.count("/")
            _place(placed, part, (PERCENT,) if "%" in text else (), f"url:{segment}")
        url += text
    return url


def _content_type(request: Request, body: Body) -> str | None:
    match body.kind:
        case BodyKind.JSON:
            return "application/json"
        case BodyKind.FILE:
            return "image/jpeg"
        case BodyKind.FORM:
            return FORM_TYPE
        case BodyKind.SEALED:
            return None if request.method == "GET" else FORM_TYPE


def _write_body(
    request: Request, body: Body, values: Values, own: Own, sealing: Sealing | None, placed: list[Placed]
) -> tuple[bytes, dict[str, str]]:
    """Give the content, and what goes into the query instead."""
    match body.kind:
        case BodyKind.FILE:
            value = values.get(body.file) if body.file is not None else None
            if value is None or value.content is None:
                return b"", {}
            placed.append(Placed(value=value, form=f"{value.type}{WHOLE}", chain=(), path=""))
            return value.content, {}
        case BodyKind.JSON:
            return _json(body.fields, values, own, ("json",), "$", placed).encode(), {}
        case BodyKind.FORM:
            pairs = {}
            for name, part in body.fields.items():
                text = _field(name, part, values, own, placed)
                if text is not None:
                    pairs[name] = text
            return _encode(pairs).encode(), {}
        case BodyKind.SEALED:
            assert sealing is not None
            sealed_values: list[Placed] = []
            given = {
                name: text
                for name, part in body.fields.items()
                if (text := _field(name, part, values, own, sealed_values)) is not None
            }
            where = "query" if request.method == "GET" else "form"
            placed += [
                Placed(
                    value=one.value,
                    form=one.form,
                    chain=(where, "sealed"),
                    path=one.path.replace("form:", f"{where}:"),
                    is_sealed=True,
                )
                for one in sealed_values
            ]
            path = urlsplit("".join(p for p in request.url.parts if isinstance(p, str))).path
            sealed = seal_parameters(request.method, path, {**given, "_nonce": sealing.nonce}, sealing.key)
            return (b"", sealed) if request.method == "GET" else (_encode(sealed).encode(), {})


def _field(name: str, part: Part, values: Values, own: Own, placed: list[Placed]) -> str | None:
    """Write one field of a form; a structure goes as JSON."""
    if isinstance(part, Expression):
        written = part.write(values, own)
        if written is None:
            return None
        _place(placed, written, ("form", *_percent(written.text)), f"form:{name}")
        return written.text
    inner: list[Placed] = []
    text = _json(part, values, own, (), "$", inner)
    chain = ("form", *_percent(text), "json")
    placed += [
        Placed(value=one.value, form=one.form, chain=(*chain, *one.chain), path=f"form:{name} > {one.path}")
        for one in inner
    ]
    return text


def _json(
    part: Part, values: Values, own: Own, chain: tuple[str, ...], path: str, placed: list[Placed]
) -> str:
    return json.dumps(
        _structure(part, values, own, chain, path, placed), ensure_ascii=False, separators=(",", ":")
    )


def _structure(
    part: Part, values: Values, own: Own, chain: tuple[str, ...], path: str, placed: list[Placed]
) -> object:
    if isinstance(part, Expression):
        written = part.write(values, own)
        if written is None:
            return None
        _place(placed, written, chain, path)
        return written.text
    if isinstance(part, Mapping):
        return {
            name: _structure(inner, values, own, chain, f"{path}.{name}", placed)
            for name, inner in part.items()
        }
    return [
        _structure(inner, values, own, chain, f"{path}[{index}]", placed) for index, inner in enumerate(part)
    ]


def _place(placed: list[Placed], written: Written, chain: tuple[str, ...], path: str) -> None:
    if written.value is not None:
        placed.append(
            Placed(
                value=written.value,
                form=f"{written.value.type}{written.form}",
                chain=(*chain, *written.chain),
                path=path,
            )
        )


def _percent(text: str) -> tuple[str, ...]:
    """A form's spelling is a layer of its own where it escapes anything; a space as `+` escapes nothing."""
    return (PERCENT,) if "%" in quote_plus(text) else ()


def _encode(pairs: Mapping[str, str]) -> str:
    return "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs.items())
