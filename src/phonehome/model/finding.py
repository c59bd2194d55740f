"""One known value seen in one exchange, with its chain, its place and its evidence."""

from dataclasses import dataclass
from enum import StrEnum

from phonehome.model.exchange import Direction, Exchange, Transport
from phonehome.model.subject import DataType


class Method(StrEnum):
    """How it is known that the value is there."""

    DECODED = "decoded"
    DIGEST = "digest"


class Part(StrEnum):
    """The part of an exchange in which something stands."""

    REQUEST_URL = "request.url"
    REQUEST_HEADERS = "request.headers"
    REQUEST_BODY = "request.body"
    RESPONSE_HEADERS = "response.headers"
    RESPONSE_BODY = "response.body"
    MESSAGE = "message"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One step from the wire to the value, for a person who checks by hand.

    Attributes:
        name: The decoder or container (`base64`, `json`), or the part itself for the first.
        path: The step that this layer adds (`query:imei`, `$.device.id`), or empty.
        data: A window of the layer's bytes around the place.
        start: Where in `data` the span begins that the next layer decodes (or that is the value).
        end: Where it ends.
        size: Bytes of the whole layer, of which `data` is a window.
        offset: Where in the layer the window begins.
    """

    name: str
    path: str
    data: bytes
    start: int
    end: int
    size: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One known value seen in one exchange: one per (value, exchange, part, path, chain, form), with `count`.

    Attributes:
        form: How the value was written (`imei/no-check-digit`, `imei/md5/upper-hex`).
        chain: Layers from the outermost to the innermost.
        path: A step per container, joined by ` > `.
        offset: Byte offset in the part as stored; None where there is none.
        length: Bytes that the value (or the outermost encoded span that holds it) takes in the part.
        form_bits: Surprise of the form itself: −log2 of the probability that random text of its own
            alphabet holds it at one given place.
        weak: Why it counts little, or None.
        layers: The evidence, from the part down to the value.
    """

    value_id: str
    data_type: DataType
    method: Method
    form: str
    chain: tuple[str, ...]
    part: Part
    path: str
    offset: int | None
    length: int
    direction: Direction
    transport: Transport | None
    exchange: Exchange
    form_bits: float
    count: int = 1
    weak: str | None = None
    layers: tuple[Layer, ...] = ()
