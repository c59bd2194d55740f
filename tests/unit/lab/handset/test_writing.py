"""What a build writes is what an audit finds, said by two parties that share no code."""

import json
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonehome.detect import Detector
from phonehome.lab.cloud.sealing import open_parameters
from phonehome.lab.handset.build import Account, Body, BodyKind, Part, Request
from phonehome.lab.handset.expressions import parse_expression, parse_template
from phonehome.lab.handset.writing import Sealing, WrittenRequest, write_request
from phonehome.model.exchange import Exchange, Message, Protocol
from phonehome.model.subject import DataType, KnownValue, Subject

VALUES = {
    kind: KnownValue(id=f"{kind}-1", type=kind, value=value)
    for kind, value in (
        (DataType.IMEI, "490154203237518"),
        (DataType.IMSI, "310150123456789"),
        (DataType.PHONE_NUMBER, "+12025550110"),
        (DataType.CONTACT_PHONE_NUMBER, "+12025550143"),
        (DataType.CONTACT_NAME, "Bartholomew Quillfeather"),
        (DataType.SMS_TEXT, "the heron stands in the reeds at noon"),
    )
}
OWN = {"sim_secret": "5a7e5a7e"}
KEY = bytes(range(16))
SUBJECT = Subject(values=tuple(VALUES.values()), region="US")
DETECTOR = Detector(SUBJECT)


def write(**parts: object) -> WrittenRequest:
    url = parts.pop("url", "https://api.example.com/v1/x")
    method = parts.pop("method", "POST")
    request = Request(method=str(method), url=parse_template(str(url)), **parts)  # type: ignore[arg-type]  # a test's own
    written = write_request(request, VALUES, OWN, Sealing(key=KEY, nonce="n1:5"))
    assert written is not None
    return written


def body(kind: BodyKind, **fields: Part) -> Body:
    return Body(kind=kind, fields=fields)


def found(written: WrittenRequest) -> Counter[tuple[str, str, tuple[str, ...], str]]:
    """What the detector makes of it."""
    headers = tuple((name.encode(), text.encode()) for name, text in written.headers.items())
    exchange = Exchange(
        index=0,
        protocol=Protocol.HTTP_1_1,
        method=written.method,
        url=written.url.encode(),
        host=written.host,
        request=Message(headers=headers, body=written.content, size=len(written.content)),
    )
    return Counter(
        (one.value_id, one.form, one.chain, one.path)
        for examined in DETECTOR.examine([exchange])
        for one in examined.findings
        if one.weak is None
    )


def told(written: WrittenRequest) -> Counter[tuple[str, str, tuple[str, ...], str]]:
    return Counter(
        (one.value.id, one.form, one.chain, one.path) for one in written.placed if not one.is_sealed
    )


EXPRESSIONS = (
    "imei",
    "base64(imei)",
    "hex(imsi)",
    "H(contact_phone_number)",
    "base64(hex(phone_number))",
    "sha256(imsi)",
    "contact_name",
    "base64(contact_name)",
    "base64(H(imei))",
    "phone_number",
    "sms_text",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
@pytest.mark.parametrize("place", ["query", "form", "json", "header", "json in a form"])
def test_the_detector_finds_what_the_handset_says_that_it_wrote(text: str, place: str) -> None:
    part = parse_expression(text)
    match place:
        case "query":
            written = write(query={"value": part})
        case "form":
            written = write(body=body(BodyKind.FORM, value=part))
        case "json":
            written = write(body=body(BodyKind.JSON, device={"list": (parse_expression("'x'"), part)}))
        case "header":
            written = write(headers={"x-value": part})
        case _:
            written = write(
                body=body(BodyKind.FORM, changes=({"id": parse_expression("'1'"), "data": part},))
            )
    assert told(written)
    assert found(written) == told(written)


def test_a_value_in_the_path_is_named_by_its_segment() -> None:
    written = write(url="http://api.example.com/pass/dev/{H(imei)}/go")
    assert [(one.path, one.form) for one in written.placed] == [("url:3", "imei/sha1/base64-16")]
    assert found(written) == told(written)


def test_what_is_sealed_goes_under_the_key_and_is_told_so() -> None:
    part = parse_expression("contact_phone_number")
    written = write(method="GET", session=Account.SIM, body=body(BodyKind.SEALED, externalId=part))
    assert [(one.value.id, one.is_sealed) for one in written.placed] == [("contact_phone_number-1", True)]
    assert not found(written)
    split = urlsplit(written.url)
    pairs = {name: texts[0] for name, texts in parse_qs(split.query).items()}
    opened = open_parameters("GET", split.path, pairs, KEY)
    assert opened == {"externalId": "+12025550143", "_nonce": "n1:5"}


def test_a_field_without_its_value_is_left_out_and_a_url_without_it_is_not_sent() -> None:
    request = Request(
        method="POST",
        url=parse_template("https://api.example.com/x"),
        body=body(BodyKind.FORM, iccid=parse_expression("iccid"), imei=parse_expression("imei")),
    )
    written = write_request(request, VALUES, OWN)
    assert written is not None
    assert written.content == b"imei=490154203237518"
    nowhere = Request(method="GET", url=parse_template("https://api.example.com/{iccid}"))
    assert write_request(nowhere, VALUES, OWN) is None


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_text_comes_back_out_of_a_form_and_out_of_json(text: str) -> None:
    values = {DataType.TEXT: KnownValue(id="text-1", type=DataType.TEXT, value=text)}
    part = parse_expression("text")
    for kind in (BodyKind.FORM, BodyKind.JSON):
        request = Request(
            method="POST", url=parse_template("https://api.example.com/x"), body=body(kind, value=part)
        )
        written = write_request(request, values, OWN)
        assert written is not None
        if kind is BodyKind.JSON:
            assert json.loads(written.content) == {"value": text}
        else:
            assert parse_qs(written.content.decode(), keep_blank_values=True) == {"value": [text]}
