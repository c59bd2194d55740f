"""The classes: one way each in which a value leaves a handset, in one table."""

from benchmarks.detection.generator import digests, forms, numbers
from benchmarks.detection.generator.casework import Build, Case
from benchmarks.detection.generator.container_cases import (
    channel_case,
    container_case,
    content_encoding_case,
    grpc_case,
    jwt_case,
)
from benchmarks.detection.generator.digest_cases import (
    digest_case,
    digest_of_digest_case,
    nesting_case,
    truncated_case,
)
from benchmarks.detection.generator.encoders import CODECS, PRESSED
from benchmarks.detection.generator.form_cases import (
    fixed64_case,
    form_case,
    integer_case,
    packed_number_case,
)
from benchmarks.detection.generator.layer_cases import (
    base64_inside_case,
    json_escapes_case,
    percent_case,
    percent_twice_case,
    pressed_case,
    quoted_printable_case,
    text_codec_case,
    utf16_case,
)


def _table() -> tuple[Case, ...]:
    made: dict[str, Build] = {f"form {form}": form_case(form) for form in forms.FORMS}
    made |= {
        "layer percent": percent_case,
        "layer percent-twice": percent_twice_case,
        "layer json-escapes": json_escapes_case,
    }
    made |= {"layer quoted-printable": quoted_printable_case, "layer base64-inside": base64_inside_case}
    for name in CODECS:
        if name in PRESSED:
            made[f"layer {name}"] = pressed_case(name)
        elif name.startswith("utf-16"):
            made[f"layer {name}"] = utf16_case(name)
        elif name not in ("json-string", "percent", "percent-twice", "json-escapes", "quoted-printable"):
            made[f"layer {name}"] = text_codec_case(name)
    for spot in (
        "query",
        "path",
        "header",
        "cookie",
        "form",
        "multipart",
        "json",
        "json-in-json",
        "ndjson",
        "xml-attributes",
        "xml-text",
    ):
        made[f"container {spot}"] = container_case(spot)
    made |= {
        f"container {spot}": container_case(spot)
        for spot in ("protobuf", "messagepack", "cbor", "binary-plist")
    }
    made |= {"container jwt": jwt_case, "container grpc": grpc_case}
    for token, codec in (("gzip", "gzip"), ("br", "brotli"), ("zstd", "zstd")):
        made[f"container content-encoding-{token}"] = content_encoding_case(token, codec)
    for name in digests.ALGORITHMS:
        if name != "blake2b-256":
            made[f"digest {name}"] = digest_case(name, ("hex", "hex", "base64", "raw"))
    made |= {
        "digest md5-upper": digest_case("md5", ("HEX",)),
        "digest any-upper": digest_case("any", ("HEX",)),
    }
    made |= {f"digest {kind}": truncated_case(kind) for kind in ("md5-middle", "first-bytes", "base64-16")}
    made["digest of-digest"] = digest_of_digest_case
    made |= {
        "number varint": integer_case("number/varint", ("protobuf", "grpc")),
        "number fixed64": fixed64_case,
    }
    made["number native"] = integer_case("number/native", ("messagepack", "cbor", "binary-plist"))
    made |= {f"number {name}": packed_number_case(name) for name in numbers.PACKED}
    made["transport websocket-text"] = channel_case(
        "websocket", ("json", "json", "form", "xml-text", "json-in-json")
    )
    made["transport websocket-binary"] = channel_case(
        "websocket", ("protobuf", "messagepack", "cbor", "record")
    )
    made["transport response-body"] = channel_case(
        "response", ("json", "json", "xml-text", "protobuf", "ndjson")
    )
    made["transport response-header"] = channel_case("response", ("header",))
    made |= {f"nesting {depth}": nesting_case(depth) for depth in range(2, 7)}
    return tuple(Case(name=name, build=build) for name, build in made.items())


CASES: tuple[Case, ...] = _table()
