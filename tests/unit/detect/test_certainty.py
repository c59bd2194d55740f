"""How sure a finding is: chance, weak reasons, decoys, values that are not searched for, repeatability."""

import base64
import hashlib
import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from detecting import (
    AD_ID,
    ANDROID_ID,
    EMAIL,
    IMEI,
    MAC,
    NAME,
    PHONE,
    SMS,
    examine,
    find,
    known,
    sent,
    subject_of,
)

from phonehome.detect import Detector, detector, explain
from phonehome.detect.chance import THRESHOLD_BITS, chance_bits, recorded_before, weakness
from phonehome.detect.decoys import decoys_of
from phonehome.detect.lexicon import Lexicon
from phonehome.model.exchange import Exchange
from phonehome.model.finding import Finding

SUBJECT = subject_of(
    known("imei", IMEI),
    known("imsi", "310260123456789"),
    known("iccid", "8991101200003204514"),
    known("phone_number", PHONE),
    known("wifi_mac", MAC),
    known("android_id", ANDROID_ID),
    known("advertising_id", AD_ID),
    known("email", EMAIL),
    known("contact_name", NAME),
    known("sms_text", SMS),
    known("location", "28.613912,77.209045"),
)


def test_decoys_are_the_same_for_the_same_subject_and_others_for_another() -> None:
    assert decoys_of(SUBJECT) == decoys_of(SUBJECT)
    other = subject_of(known("imei", "356938035643809"), *SUBJECT.values[1:])
    assert decoys_of(other) != decoys_of(SUBJECT)


def test_decoys_share_what_strangers_share_and_are_never_the_values() -> None:
    decoys = {decoy.id: decoy.value for decoy in decoys_of(SUBJECT)}
    values = {value.value.casefold() for value in SUBJECT.values}
    assert not values & {decoy.casefold() for decoy in decoys.values()}
    assert decoys["decoy:imei-1"][:8] == IMEI[:8]
    assert decoys["decoy:imsi-1"][:5] == "31026"
    assert decoys["decoy:wifi-mac-1"][:8] == MAC[:8]
    assert decoys["decoy:phone-number-1"][:6] == PHONE[:6]
    assert len(decoys["decoy:contact-name-1"].split()) == 2
    assert "@" in decoys["decoy:email-1"]


def test_a_decoys_imei_has_a_right_check_digit() -> None:
    digits = [int(digit) for digit in decoys_of(SUBJECT)[0].value]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    assert (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def test_a_decoy_in_the_traffic_is_reported_as_a_decoy_and_not_as_a_finding() -> None:
    decoy = decoys_of(SUBJECT)[0]
    for body in (decoy.value.encode(), hashlib.md5(decoy.value.encode()).hexdigest().encode()):
        (examined,) = examine(SUBJECT, sent(b"id=" + body + b"&x=1"))
        assert examined.findings == ()
        assert {hit.value_id for hit in examined.decoys} == {decoy.id}


def test_chance_bits_fall_with_the_bytes_searched_and_never_below_nothing() -> None:
    form_bits = find(SUBJECT, sent(IMEI.encode()))[0].form_bits
    bits = [chance_bits(form_bits, size) for size in (0, 1, 1_000, 1_000_000, 1 << 80)]
    assert bits[0] == bits[1] > bits[2] > bits[3] > bits[4] == 0
    assert chance_bits(form_bits, 1 << 10) == pytest.approx(form_bits - 10, abs=0.1)


def test_a_key_that_names_the_type_adds_to_the_proof() -> None:
    bare, named = (
        find(SUBJECT, sent(body))[0] for body in (b"x " + IMEI.encode(), b"imei: " + IMEI.encode())
    )
    assert named.form_bits > bare.form_bits


def test_a_short_form_in_a_large_capture_is_weak_and_says_why() -> None:
    finding = find(subject_of(known("username", "heron7")), sent(b"u=heron7"))[0]
    assert weakness(finding.form_bits, 100) is None
    assert "bits" in str(weakness(finding.form_bits, 1 << 40))
    assert chance_bits(finding.form_bits, 1 << 40) < THRESHOLD_BITS


def test_a_value_seen_before_it_existed_is_told() -> None:
    value = replace(known("sms_text", SMS), since=date(2026, 3, 2))
    exchange = replace(sent(SMS.encode()), time=datetime(2026, 3, 1, tzinfo=UTC))
    finding = find(subject_of(value), exchange)[0]
    assert "2026-03-02" in str(recorded_before(finding, value))
    assert recorded_before(finding, replace(value, since=date(2026, 3, 1))) is None
    assert recorded_before(finding, replace(value, since=None)) is None
    timeless = replace(finding, exchange=replace(exchange, time=None))
    assert recorded_before(timeless, value) is None


def test_values_too_short_or_too_common_are_named_with_the_reason() -> None:
    subject = subject_of(
        known("username", "bo"),
        known("device_name", "samsung"),
        known("carrier_name", "Airtel"),
        known("identifier", "4711"),
        known("imei", IMEI),
    )
    rows = {name: (searched, why) for name, searched, why in explain(subject)}
    assert rows["imei-1"] == (True, None)
    assert [name for name, (searched, _) in rows.items() if not searched] == [
        "username-1",
        "device-name-1",
        "identifier-1",
    ]
    assert all(why for name, (_, why) in rows.items() if name != "imei-1")
    assert "key" in str(rows["carrier-name-1"][1])


def test_an_empty_subject_finds_nothing() -> None:
    assert find(subject_of(), sent(IMEI.encode(), url=b"https://a.example/?x=1")) == []
    assert Lexicon(subject_of()).patterns == []


def key(finding: Finding) -> tuple[object, ...]:
    return (
        finding.exchange.index,
        finding.value_id,
        finding.part,
        finding.path,
        finding.chain,
        finding.form,
        finding.offset,
        finding.count,
    )


def mixed_traffic() -> list[Exchange]:
    chance = random.Random(3)
    bodies = [
        b'{"imei":"490154203237518","cache":"c2hhcmVkIGNhY2hlIGtleSBvZiBhbGw="}',
        b'{"other":"490154203237526","cache":"c2hhcmVkIGNhY2hlIGtleSBvZiBhbGw="}',
        b"e=" + EMAIL.replace("@", "%40").encode() + b"&m=" + MAC.replace(":", "").encode(),
        b'{"h":"' + hashlib.sha1(PHONE.encode()).hexdigest().encode() + b'"}',
        b'{"ssid":"x","first":"Bartholomew","last":"Quillfeather"}',
        chance.randbytes(300),
        b"",
    ]
    return [
        sent(chance.choice(bodies), index=index, headers=[(b"X-A", chance.choice(bodies))])
        for index in range(40)
    ]


def test_neither_batches_nor_what_was_clean_before_change_the_findings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exchanges = mixed_traffic()
    together = [key(finding) for finding in find(SUBJECT, *exchanges)]
    assert together
    monkeypatch.setattr(detector, "BATCH_EXCHANGES", 1)
    assert [key(finding) for finding in find(SUBJECT, *exchanges)] == together
    apart = [key(finding) for exchange in exchanges for finding in find(SUBJECT, exchange)]
    assert apart == together


def test_what_was_seen_under_another_key_still_counts_under_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detector, "BATCH_EXCHANGES", 1)
    subject = subject_of(known("carrier_name", "Airtel"))
    exchanges = [sent(b'{"brand":"Airtel"}'), sent(b'{"operator":"Airtel"}', index=1)]
    assert [found.exchange.index for found in find(subject, *exchanges)] == [1]


def test_halves_that_were_met_apart_before_still_make_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "BATCH_EXCHANGES", 1)
    subject = subject_of(known("location", "28.613912,77.209045"))
    exchanges = [
        sent(b'{"a":"28.613912"}'),
        sent(b'{"b":"77.209045"}', index=1),
        sent(b'{"lat":"28.613912","lon":"77.209045"}', index=2),
    ]
    assert [found.exchange.index for found in find(subject, *exchanges)] == [2]


def test_a_detector_counts_what_it_looked_at() -> None:
    looked = Detector(SUBJECT)
    list(looked.examine([sent(b"a=1&b=2")]))
    first = looked.tally.bytes_searched
    assert first >= len(b"a=1&b=2")
    list(looked.examine([sent(b"a=1&b=2")]))
    assert looked.tally.bytes_searched > first


def _sealed_form(fields: int, *, seed: int = 1) -> bytes:
    """A form each of whose fields an app encrypted by itself: two blocks of AES in Base64."""
    noise = random.Random(seed)
    values = (base64.b64encode(noise.randbytes(32)) for _ in range(fields))
    return b"&".join(b"f%d=%s" % (number, value.replace(b"=", b"%3D")) for number, value in enumerate(values))


def test_fields_that_an_app_encrypted_one_by_one_are_unreadable_together() -> None:
    (sealed,) = examine(SUBJECT, sent(_sealed_form(4)))
    assert sealed.unreadable_up > 4 * 43


def test_a_few_words_in_base64_are_no_ciphertext() -> None:
    words = [
        base64.b64encode(text)
        for text in (b"a quiet evening by the sea", b"another line of plain words", b"x" * 40)
    ]
    form = b"&".join(b"w%d=%s" % pair for pair in enumerate(words))
    (text,) = examine(SUBJECT, sent(form))
    assert text.unreadable_up == 0


@pytest.mark.parametrize(
    ("body", "unreadable"),
    [
        (random.Random(3).randbytes(16), 16),
        (random.Random(3).randbytes(32), 32),
        (b"d=" + base64.b64encode(random.Random(3).randbytes(16)), 24),
        (json.dumps({"d": base64.b64encode(random.Random(3).randbytes(32)).decode()}).encode(), 43),
        (random.Random(3).randbytes(15), 0),
        (b"n=1&kind=hello&d=" + base64.b64encode(random.Random(3).randbytes(8)), 0),
        (b"event=internationalizationSupport", 0),
        (b"hello=world", 0),
        (b"\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x80\x81", 0),
        (b"id=550e8400-e29b-41d4-a716-446655440000", 0),
    ],
)
def test_a_short_body_that_is_nothing_but_random_bytes_is_unreadable(body: bytes, unreadable: int) -> None:
    (examined,) = examine(SUBJECT, sent(body))
    assert examined.unreadable_up == unreadable


def test_a_sealed_field_in_a_body_of_other_things_leaves_the_body_readable() -> None:
    (mixed,) = examine(SUBJECT, sent(_sealed_form(3) + b"&text=" + b"plain+words+" * 60))
    assert mixed.unreadable_up == 0


def test_ciphertext_sent_up_is_counted_as_unreadable_and_text_is_not() -> None:
    noise = random.Random(1).randbytes(4_096)
    up, down, text = examine(
        SUBJECT, sent(noise), sent(response=noise, index=1), sent(b"plain words, many " * 200, index=2)
    )
    assert up.unreadable_up == 4_096
    assert down.unreadable_up == 0
    assert text.unreadable_up == 0
