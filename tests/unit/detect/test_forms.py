"""Every way of writing a value that must be found, and near strangers that must not."""

import hashlib
import random
import struct

import pytest
from detecting import AD_ID, ANDROID_ID, EMAIL, IMEI, MAC, NAME, PHONE, SMS, find, known, sent, subject_of

from phonehome.detect.forms.numbers import bcd, tbcd, varint
from phonehome.model.subject import DataType, KnownValue

LOCATION = "28.613912,77.209045"


def forms_in(kind: str, value: str, text: str | bytes, region: str | None = None) -> set[str]:
    body = text.encode() if isinstance(text, str) else text
    return {found.form for found in find(subject_of(known(kind, value), region=region), sent(body))}


WRITTEN = [
    ("imei", IMEI, "id=490154203237518", "imei"),
    ("imei", IMEI, "id=49015420323751", "imei/no-check-digit"),
    ("imei", IMEI, "id=4901542032375112", "imei/imeisv"),  # with a software version
    ("imei", "4901542032375112", "id=4901542032375112", "imei/imeisv"),
    ("imei", "4901542032375112", "id=490154203237518", "imei"),
    ("imei", IMEI, "id=49-015420-323751-8", "imei/dashed"),
    ("imei", IMEI, "id 49 015420 323751 8", "imei/spaced"),
    ("imei", IMEI, "id=490154-20-323751-8", "imei/dashed"),
    ("meid", "A1000049D4C3F1", "id=a1000049d4c3f1", "meid"),
    ("meid", "A1000049D4C3F1", "id=270113184913943793", "meid/decimal"),
    ("imsi", "310260123456789", "id=310260123456789", "imsi"),
    ("imsi", "310260123456789", "310-260-123456789", "imsi/split"),
    ("imsi", "310260548219307", "mcc=310&msin=548219307&x=1", "imsi/msin"),
    ("imsi", "310260123456789", "id=0310260123456789@wlan.example", "imsi/nai"),
    ("iccid", "8991101200003204514", "id=8991101200003204514", "iccid"),
    ("iccid", "8991101200003204514", "id=899110120000320451", "iccid/no-check-digit"),
    ("phone_number", PHONE, "call +12025550143 now", "phone_number"),
    ("phone_number", PHONE, "n=12025550143", "phone_number/no-plus"),
    ("phone_number", PHONE, "n=0012025550143", "phone_number/00-prefixed"),
    ("phone_number", PHONE, "n=2025550143", "phone_number/national"),
    ("phone_number", PHONE, "call (202) 555-0143 now", "phone_number/grouped"),
    ("phone_number", PHONE, "call +1 202-555-0143 now", "phone_number/grouped"),
    ("phone_number", PHONE, "call 202 555 0143 now", "phone_number/grouped"),
    ("contact_phone_number", "+447700900123", "n=07700900123", "contact_phone_number/0-prefixed"),
    ("contact_phone_number", "+447700900123", "n=+44 7700 900123", "contact_phone_number/grouped"),
    ("contact_phone_number", "+919876543210", "n=9876543210", "contact_phone_number/national"),
    ("contact_phone_number", "+8613912345678", "n=008613912345678", "contact_phone_number/00-prefixed"),
    ("contact_phone_number", "+4915112345678", "n=01511 2345678", "contact_phone_number/grouped"),
    ("wifi_mac", MAC, "m=3C:5A:B4:7F:12:E9", "wifi_mac"),
    ("wifi_mac", MAC, "m=3c-5a-b4-7f-12-e9", "wifi_mac/dashed"),
    ("wifi_mac", MAC, "m=3C5AB47F12E9", "wifi_mac/bare"),
    ("bssid", MAC, "m=3c5a.b47f.12e9", "bssid/dotted"),
    ("wifi_mac", MAC, f"m={int(MAC.replace(':', ''), 16)}", "wifi_mac/integer"),
    ("wifi_mac", "0c:05:b4:7f:12:e9", "m=c:5:b4:7f:12:e9", "wifi_mac/zeros-dropped"),
    ("android_id", ANDROID_ID, "a=9F3C7BE1A4D80265", "android_id"),
    ("android_id", ANDROID_ID, f"a={int(ANDROID_ID, 16)}", "android_id/integer"),
    ("android_id", ANDROID_ID, f"a={int(ANDROID_ID, 16) - (1 << 64)}", "android_id/signed-integer"),
    ("advertising_id", AD_ID, f"a={AD_ID.upper()}", "advertising_id"),
    ("advertising_id", AD_ID, f"a={AD_ID.replace('-', '')}", "advertising_id/bare"),
    ("serial_number", "R58M4219ZKX", "s=r58m4219zkx", "serial_number"),
    ("push_token", "dGhpc0lz:APA91bFakeToken_x-y", "t=dGhpc0lz:APA91bFakeToken_x-y", "push_token"),
    ("account_id", "817263549182", "u=817263549182", "account_id"),
    ("email", EMAIL, "e=Bartholomew.Quillfeather@EXAMPLE.org", "email"),
    ("email", EMAIL, "user=bartholomew.quillfeather", "email/local-part"),
    ("contact_name", NAME, "n=BARTHOLOMEW QUILLFEATHER", "contact_name"),
    ("contact_name", NAME, "Quillfeather, Bartholomew", "contact_name/family-first"),
    ("contact_name", NAME, '{"given":"Bartholomew","family":"Quillfeather"}', "contact_name/fields-apart"),
    ("contact_name", "Zoë Łukasiewicz", "n=zoë łukasiewicz", "contact_name"),
    ("contact_name", "Zoë Łukasiewicz", "Zoe\u0308 Łukasiewicz", "contact_name/decomposed"),
    ("contact_name", "欧阳娜娜子", "n=欧阳娜娜子", "contact_name"),
    ("contact_name", "Владислава Перепёлкина", "ВЛАДИСЛАВА ПЕРЕПЁЛКИНА", "contact_name"),
    ("sms_text", SMS, f"<{SMS}>", "sms_text"),
    ("sms_text", SMS, f"so {SMS[8:64]} …", "sms_text/part"),
    ("location", LOCATION, "lat=28.613912&lon=77.209045", "location/decimal-6"),
    ("location", LOCATION, "lat=28.6139&lon=77.2090", "location/decimal-4"),
    ("location", LOCATION, '{"lat":28.61391,"lng":77.20904}', "location/decimal-5"),
    ("location", LOCATION, '{"latE7":286139120,"lngE7":772090450}', "location/e7"),
    ("location", LOCATION, '{"latE6":28613912,"lngE6":77209045}', "location/e6"),
    ("ssid", "HeronNest 42", 'ssid="HeronNest 42"', "ssid"),
    ("carrier_name", "Airtel", '{"operator":"Airtel"}', "carrier_name"),
    ("device_name", "Barts Pocket Heron", "d=Barts Pocket Heron", "device_name"),
    ("installed_app", "org.example.heronry", "p=org.example.heronry", "installed_app"),
    ("ip_address", "203.0.113.77", "ip=203.0.113.77", "ip_address"),
    (
        "ip_address",
        "2001:db8:85a3::8a2e:370:7334",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "ip_address/rewritten",
    ),
    ("identifier", "zq-7741-plover", "x=ZQ-7741-PLOVER", "identifier"),
    ("username", "quillbarth77", "u=quillbarth77", "username"),
]


@pytest.mark.parametrize(("kind", "value", "text", "form"), WRITTEN)
def test_a_value_is_found_in_this_writing(kind: str, value: str, text: str, form: str) -> None:
    assert form in forms_in(kind, value, text)


BINARY = [
    ("imei", IMEI, bcd(IMEI), "imei/bcd"),
    ("imei", IMEI, tbcd(IMEI), "imei/tbcd"),
    ("imei", IMEI, varint(int(IMEI)), "imei/varint"),
    ("imei", IMEI, struct.pack(">q", int(IMEI)), "imei/int64-be"),
    ("imei", IMEI, struct.pack("<q", int(IMEI)), "imei/int64-le"),
    ("imsi", "310260123456789", tbcd("310260123456789"), "imsi/tbcd"),
    ("phone_number", PHONE, tbcd("12025550143"), "phone_number/no-plus/tbcd"),
    ("wifi_mac", MAC, bytes.fromhex(MAC.replace(":", "")), "wifi_mac/raw"),
    ("android_id", ANDROID_ID, bytes.fromhex(ANDROID_ID), "android_id/raw"),
    ("advertising_id", AD_ID, bytes.fromhex(AD_ID.replace("-", "")), "advertising_id/raw"),
    ("location", LOCATION, struct.pack(">dd", 28.613912, 77.209045), "location/double-be"),
    ("location", LOCATION, struct.pack("<ff", 28.613912, 77.209045), "location/float-le"),
]


@pytest.mark.parametrize(("kind", "value", "octets", "form"), BINARY)
def test_a_value_is_found_in_these_bytes(kind: str, value: str, octets: bytes, form: str) -> None:
    assert form in forms_in(kind, value, b"\x00\xfe\x01" + octets + b"\xfd\x02\x00")


def test_the_packed_writings_are_those_of_the_specifications() -> None:
    assert tbcd("123") == b"\x21\xf3"  # TS 29.002, 17.7.8
    assert bcd("1234") == b"\x12\x34"
    assert varint(300) == b"\xac\x02"  # the example of protobuf's documentation


def test_a_run_of_utf_16_in_a_binary_is_located_to_the_byte() -> None:
    for before, order, behind in (
        (b"\x18\0\0\0", "utf-16-le", b"\0\0"),
        (b"\0\0\0\x18", "utf-16-be", b"\0\0"),
    ):
        body = before + EMAIL.encode(order) + behind
        (found,) = find(subject_of(known("email", EMAIL)), sent(body))
        assert found.chain == (order,)
        assert body[found.offset or 0 :][: found.length].decode(order) == EMAIL


def test_a_part_of_a_file_is_worth_its_bytes() -> None:
    content = random.Random(5).randbytes(40_000)
    photo = KnownValue(id="photo", type=DataType.PHOTO, value="", content=content)
    (found,) = find(subject_of(photo), sent(content[3_000:9_000]))
    assert found.form_bits > 100


STRANGERS = [
    ("imei", IMEI, "id=49015420323751800", "two digits more"),
    ("imei", IMEI, "id=1490154203237518", "one digit before"),
    ("imei", IMEI, "id=490154203237526", "same model, other phone"),
    ("imei", IMEI, "id=490154203237519", "same but for the check digit"),
    ("imei", IMEI, "id=49-015420-323752-6", "other phone, dashed"),
    ("imsi", "310260123456789", "id=310260123456780", "other subscriber of the network"),
    ("imsi", "310260123456789", "mcc=310&mnc=260", "the network alone"),
    ("iccid", "8991101200003204514", "id=8991101200003204522", "other card"),
    ("phone_number", PHONE, "n=+12025550144", "next number"),
    ("phone_number", PHONE, "n=+442025550143", "same national number of another country"),
    ("phone_number", PHONE, "n=120255501430", "longer number"),
    ("phone_number", PHONE, '{"x":0.2025550143,"y":9.81}', "places of a decimal number"),
    ("phone_number", PHONE, '{"score":2025550143.5}', "a decimal number"),
    ("phone_number", PHONE, '{"d":-2025550143}', "a negative number"),
    ("phone_number", PHONE, '{"d":2025550143e5}', "a number with an exponent"),
    ("imei", IMEI, '{"lat":48.490154203237518}', "places of a decimal number"),
    ("imsi", "310260123456789", "abcxyz0123456789+/", "an alphabet"),
    ("contact_phone_number", "+447700900123", "n=07700900124", "next number"),
    ("wifi_mac", MAC, "m=3c:5a:b4:7f:12:ea", "same maker"),
    ("wifi_mac", MAC, "m=3c5ab47f12e9f", "longer hexadecimal number"),
    ("android_id", ANDROID_ID, "a=9f3c7be1a4d80266", "other device"),
    ("android_id", ANDROID_ID, "a=9f3c7be1a4d80265a", "longer number"),
    ("advertising_id", AD_ID, "a=7c9e6679-7425-40de-944b-e07fc1f90ae8", "other id"),
    ("email", EMAIL, "e=x.bartholomew.quillfeather@example.org", "longer local part"),
    ("email", EMAIL, "e=bartholomew.quillfeather@example.org.uk", "longer domain"),
    ("email", EMAIL, "e=bartholomew.quillfeather@example.com", "other domain"),
    ("contact_name", NAME, "n=Bartholomew Quillfeatherstone", "longer name"),
    ("contact_name", NAME, '{"given":"Bartholomew","family":"Smith"}', "one half alone"),
    ("sms_text", SMS, "The heron eats the fish at nine", "a phrase of it"),
    ("location", LOCATION, "lat=28.613912&lon=77.310000", "same latitude only"),
    (
        "location",
        LOCATION,
        '[{"lat":28.613912,"lon":10.5},{"lat":50.1,"lon":77.209045}]',
        "halves of two rows",
    ),
    ("location", LOCATION, "lat=128.613912&lon=77.209045", "a longer number"),
    ("ssid", "HeronNest 42", "ssid=HeronNest 421", "other network"),
    ("carrier_name", "Airtel", "we like Airtel", "no key names it"),
    ("installed_app", "org.example.heronry", "p=org.example.heronry.pro", "other app"),
    ("ip_address", "203.0.113.77", "ip=203.0.113.177 203.0.113.7", "other address"),
    ("serial_number", "R58M4219ZKX", "s=R58M4219ZKXA", "longer serial number"),
    ("username", "quillbarth77", "u=quillbarth77@example.net", "an address that begins so"),
]


@pytest.mark.parametrize(("kind", "value", "text", "why"), STRANGERS)
def test_a_near_stranger_is_not_found(kind: str, value: str, text: str, why: str) -> None:
    assert forms_in(kind, value, text) == set(), why


@pytest.mark.parametrize(
    ("national", "region", "written"),
    [
        ("2025550143", "US", "+12025550143"),
        ("07700 900123", "GB", "+447700900123"),
        ("98765 43210", "IN", "00919876543210"),
        ("06 39 98 12 34", "FR", "+33639981234"),
    ],
)
def test_a_national_number_is_read_by_the_subjects_region(national: str, region: str, written: str) -> None:
    assert forms_in("contact_phone_number", national, f"n={written}&x=1", region)


def test_a_national_number_without_a_region_is_searched_as_it_stands() -> None:
    assert forms_in("sms_phone_number", "7700900123", "n=7700900123")
    assert forms_in("sms_phone_number", "7700900123", "n=+447700900123") == set()


def test_one_half_of_a_place_in_another_exchange_does_not_complete_it() -> None:
    subject = subject_of(known("location", LOCATION))
    assert not find(subject, sent(b"lat=28.613912"), sent(b"lon=77.209045", index=1))


def test_a_file_is_found_by_a_piece_of_its_bytes_and_by_its_digest() -> None:
    content = random.Random(7).randbytes(9_000)
    subject = subject_of(KnownValue(id="photo-1", type=DataType.PHOTO, value="", content=content))
    assert find(subject, sent(b"--" + content[1_000:5_000] + b"--"))
    assert [found.form for found in find(subject, sent(hashlib.sha256(content).hexdigest().encode()))] == [
        "photo/content/sha256/lower-hex"
    ]
    assert not find(subject, sent(random.Random(8).randbytes(9_000)))
