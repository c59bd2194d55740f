"""The classes of containers, content codings and transports."""

from random import Random

from benchmarks.detection.generator import containers
from benchmarks.detection.generator.casework import Build, Planted, line_spot, ordinary
from benchmarks.detection.generator.encoders import CODECS
from benchmarks.detection.generator.identities import Identity
from benchmarks.detection.generator.payload import Body, as_bytes, one
from benchmarks.detection.generator.requests import Draft, place, put_body


def container_case(spot: str) -> Build:
    """A value as it is, in a container."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        return Planted(written=written, layers=place(draft, spot, written.fields))

    return build


def jwt_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """A claim of a token that stands in Authorization, or in a field."""
    written = ordinary(rng, people)
    token = str(containers.jwt(rng, written.fields).data)
    if rng.random() < 0.5:
        draft.headers = [(name, text) for name, text in draft.headers if name != "Authorization"]
        draft.headers.append(("Authorization", f"Bearer {token}"))
        return Planted(written=written, layers=("header", "jwt"))
    return Planted(written=written, layers=(*place(draft, line_spot(rng), one("id_token", token)), "jwt"))


def grpc_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """A call with one framed message."""
    written = ordinary(rng, people)
    draft.path, draft.query = ["telemetry.v1.Collector", "Report"], []
    return Planted(written=written, layers=place(draft, "grpc", written.fields))


def content_encoding_case(token: str, codec: str) -> Build:
    """A body under a content coding that its header names, as a recording below the browser keeps it."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written, spot = ordinary(rng, people), rng.choice(("json", "json", "form", "protobuf", "ndjson"))
        body = containers.PACKERS[spot](rng, written.fields)
        put_body(draft, Body(data=as_bytes(CODECS[codec].encode(rng, body.data)), mime=body.mime))
        draft.headers.append(("Content-Encoding", token))
        return Planted(written=written, layers=(codec, spot))

    return build


def channel_case(channel: str, spots: tuple[str, ...]) -> Build:
    """A value in a WebSocket message or in what the server sends back."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        draft.channel = channel
        written = ordinary(rng, people)
        return Planted(written=written, layers=place(draft, rng.choice(spots), written.fields))

    return build
