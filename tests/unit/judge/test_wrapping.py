import pytest
from case_documents import make_flow

from phonehome.decoders import COMPRESSIONS, CONTAINERS, TEXT_CODINGS
from phonehome.documents.diff import Writing
from phonehome.judge.wrapping import compare_transports, compare_writings, writing_of, writings_of


def written(*chain: str, digest: bool = False) -> Writing:
    return writing_of(make_flow("imei", chains=[chain], digest=digest).findings[0])


@pytest.mark.parametrize(
    "chain",
    [(), ("query",), ("form", "percent"), ("gzip", "json"), ("grpc", "protobuf"), ("xml", "utf-16-le")],
)
def test_fields_letters_and_an_outermost_compression_are_plain(chain: tuple[str, ...]) -> None:
    assert written(*chain) == "plain"


@pytest.mark.parametrize(
    "chain",
    [("query", "base64"), ("base16",), ("form", "gzip", "json"), ("jwt",), ("zip", "json"), ("a-new-layer",)],
)
def test_any_other_layer_is_an_encoding(chain: tuple[str, ...]) -> None:
    assert written(*chain) == "encoded"


def test_a_digest_is_one_whatever_lies_around_it() -> None:
    assert written("query", digest=True) == "digest"
    assert written("form", "base64", digest=True) == "digest"


def test_every_decoder_is_either_a_structure_or_an_encoding_on_purpose() -> None:
    # A decoder added later lands in "encoded" until somebody says that it hides nothing.
    codings = {decoder.name for decoder in TEXT_CODINGS} | {decoder.name for decoder in CONTAINERS}
    compressions = {decoder.name for decoder in COMPRESSIONS}
    encodings = {layer for layer in codings | compressions if written("query", layer) == "encoded"}
    assert encodings - compressions == {
        "base64", "base64url", "base16", "base32", "base32hex", "base58", "base85", "z85", "ascii85",
        "jwt", "zip", "tar",
    }  # fmt: skip
    assert compressions <= encodings


def test_weak_findings_of_a_strong_flow_say_nothing_about_how_it_is_written() -> None:
    plain = make_flow("imei", weak=True)
    encoded = make_flow("imei", chains=[["query", "base64"]])
    assert writings_of([encoded.flow], [*plain.findings, *encoded.findings]) == {"encoded"}


def test_a_decoded_finding_that_is_not_listed_counts_as_plain() -> None:
    made = make_flow("imei", digest=True)
    flow = made.flow.model_copy(update={"methods": ["decoded", "digest"]})
    assert writings_of([flow], made.findings) == {"plain", "digest"}


def test_the_most_open_way_counts() -> None:
    assert compare_transports({"cleartext"}, {"tls"}) == "wrapped"
    assert compare_transports({"cleartext"}, {"tls", "cleartext"}) is None
    assert compare_transports({"tls", "quic"}, {"quic"}) is None
    assert compare_transports({"quic"}, {"cleartext"}) == "unwrapped"
    assert compare_writings({"plain"}, {"encoded"}) == "wrapped"
    assert compare_writings({"plain", "digest"}, {"plain"}) is None
    assert compare_writings({"digest"}, {"encoded"}) == "unwrapped"


def test_an_unknown_transport_is_neither_wrapped_nor_unwrapped() -> None:
    assert compare_transports({None}, {"tls"}) is None
    assert compare_transports({"cleartext"}, {"tls", None}) is None
