"""The classes of layers: text codings, character sets and compressions."""

import json
from random import Random
from urllib.parse import quote

from benchmarks.detection.generator import background, containers
from benchmarks.detection.generator.casework import (
    NO_LAYERS,
    WRAP_KEYS,
    Build,
    Planted,
    line_spot,
    ordinary,
    place_bytes,
)
from benchmarks.detection.generator.encoders import CODECS, percent_twice
from benchmarks.detection.generator.identities import Identity
from benchmarks.detection.generator.payload import Body, Written, as_bytes, one
from benchmarks.detection.generator.requests import BINARY_SPOTS, Draft, place, place_raw, put_body


def small_document(rng: Random, written: Written) -> str:
    """A realistic small JSON document, of at least a hundred bytes, that holds the value."""
    while True:
        text = str(containers.json_document(rng, written.fields).data)
        if len(text) >= 100:
            return text


def url_or_document(rng: Random, written: Written) -> str:
    """A link whose query holds the value, or a small document: both need escaping."""
    if rng.random() < 0.5:
        return f"https://{rng.choice(background.HOSTS)}/r?{containers.form_text(rng, written.fields)}"
    return json.dumps(dict(written.fields))


def percent_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """Percent-encoded once, in a spot that does not itself do it."""
    written = ordinary(rng, people)
    text = str(written.text)
    if quote(text, safe="") == text and rng.random() < 0.8:
        text = json.dumps(dict([*written.fields, *background.noise_fields(rng, 1, 2)]))
    spot = rng.choice(("json", "header", "cookie", "xml-text"))
    return Planted(
        written=written,
        layers=(
            *place(draft, spot, one(rng.choice(WRAP_KEYS), CODECS["percent"].encode(rng, text))),
            "percent",
        ),
    )


def percent_twice_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """Percent-encoded inside a query or a form, or twice anywhere else."""
    written = ordinary(rng, people)
    text = str(written.text)
    if quote(text, safe="") == text and rng.random() < 0.8:
        text = url_or_document(rng, written)
    if rng.random() < 0.6:
        scalar = CODECS["percent"].encode(rng, text)
        return Planted(
            written=written,
            layers=(*place(draft, rng.choice(("query", "form")), one("redirect", scalar)), "percent"),
        )
    scalar = percent_twice(rng, text)
    return Planted(
        written=written,
        layers=(*place(draft, rng.choice(("json", "header")), one("next", scalar)), "percent", "percent"),
    )


def json_escapes_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    r"""In a JSON document, with \\u escapes that a plain search does not see."""
    written = ordinary(rng, people)
    key, text = written.fields[0]
    mark = "QQescapedQQ"
    document = str(containers.json_document(rng, one(key, mark)).data)
    put_body(
        draft,
        Body(
            data=document.replace(mark, str(CODECS["json-escapes"].encode(rng, str(text)))),
            mime="application/json",
        ),
    )
    return Planted(written=written, layers=("json", "json-escapes"))


def quoted_printable_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """As in a vCard 2.1, a field, or a longer note in which a soft line break may fall into the value."""
    written = ordinary(rng, people)
    text = str(written.text)
    if rng.random() < 0.4:
        lead = f"{rng.choice(WORDS)} {background.token(rng, 1, 60)}"
        text = f"{lead}: {written.fields[0][0]}={text} / ok"
    encoded = str(CODECS["quoted-printable"].encode(rng, text))
    if rng.random() < 0.5:
        note = f"NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{encoded}"
        card = f"BEGIN:VCARD\r\nVERSION:2.1\r\n{note}\r\nEND:VCARD\r\n"
        return Planted(written=written, layers=(*place_raw(draft, card, "text/x-vcard"), "quoted-printable"))
    spot = rng.choice(("json", "form", "multipart"))
    return Planted(
        written=written, layers=(*place(draft, spot, one(written.fields[0][0], encoded)), "quoted-printable")
    )


def base64_inside_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """Base 64 of a longer text that holds the value at any offset, or base 64 inside a longer text."""
    written = ordinary(rng, people)
    codec = rng.choice(("base64-standard", "base64-url", "base64-unpadded"))
    lead = background.token(rng, 1, 40) + rng.choice(("|", " ", ";", "="))
    scalar = str(CODECS[codec].encode(rng, f"{lead}{written.text}|{background.noise_text(rng)}"))
    if rng.random() < 0.5:
        before, after = rng.choice(
            (
                ("data:text/plain;base64,", ""),
                ("v1.", "." + background.token(rng)),
                ("blob=", ";end"),
                ("see ", " for details"),
            )
        )
        scalar = before + scalar + after
    return Planted(
        written=written, layers=(*place(draft, line_spot(rng), one(rng.choice(WRAP_KEYS), scalar)), codec)
    )


def text_codec_case(name: str) -> Build:
    """A text coding over the bare value or over a small document."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written, codec = ordinary(rng, people), CODECS[name]
        text, inner = str(written.text), NO_LAYERS
        if len(text.encode()) < codec.least or (rng.random() < 0.35 and codec.most > 1000):
            text, inner = small_document(rng, written), ("json",)
        spot = rng.choice(("json", "form")) if name == "base64-wrapped" else line_spot(rng)
        if name == "html-entities":
            spot = rng.choice(("json", "json", "form", "query"))
        key = rng.choice(WRAP_KEYS) if inner else written.fields[0][0]
        return Planted(
            written=written, layers=(*place(draft, spot, one(key, codec.encode(rng, text))), name, *inner)
        )

    return build


def utf16_case(name: str) -> Build:
    """UTF-16 over the bare value or a small document, as a body or as bytes in something else."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        document = rng.random() < 0.5
        text = small_document(rng, written) if document else str(written.text)
        data = as_bytes(CODECS[name].encode(rng, text))
        inner = ("json",) if document else NO_LAYERS
        return Planted(
            written=written, layers=(*place_bytes(rng, draft, "text", data, whole=document), name, *inner)
        )

    return build


WORDS = ("Grüße", "Café", "naïve")
UNMARKED = frozenset({"brotli", "deflate", "snappy-raw"})
TELLING_SPOTS = tuple(spot for spot in BINARY_SPOTS if spot != "record")
"""Where a stream without a mark at its beginning can go: nothing tells where it begins in a private record."""


def pressed_case(name: str) -> Build:
    """A compressed small JSON document, as a body or as bytes in something else."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        data = as_bytes(CODECS[name].encode(rng, small_document(rng, written)))
        spots = TELLING_SPOTS if name in UNMARKED else BINARY_SPOTS
        return Planted(
            written=written,
            layers=(*place_bytes(rng, draft, rng.choice(WRAP_KEYS), data, spots=spots), name, "json"),
        )

    return build
