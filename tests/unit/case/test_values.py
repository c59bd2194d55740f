"""Each type of value: one that passes in silence, ones that are odd, ones that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from phonehome.case.values import BadValue, check_value, luhn_ok
from phonehome.model.subject import DataType

FINE = [
    (DataType.IMEI, "490154203237518"),
    (DataType.IMEI, "49-015420-323751-8"),
    (DataType.IMEI, "49015420323751"),
    (DataType.IMEI, "4901542032375100"),
    (DataType.MEID, "A10000009296F2"),
    (DataType.IMSI, "001010123456789"),
    (DataType.ICCID, "8991101200003204514"),
    (DataType.ICCID, "8991101200003204514F"),
    (DataType.PHONE_NUMBER, "+1 202 555 0143"),
    (DataType.SMS_PHONE_NUMBER, "+447700900123"),
    (DataType.WIFI_MAC, "00:00:5e:00:53:01"),
    (DataType.BSSID, "0000.5E00.5301"),
    (DataType.ANDROID_ID, "a1b2c3d4e5f60718"),
    (DataType.ADVERTISING_ID, "6f1d2c3b-4a59-4687-9a0b-1c2d3e4f5a6b"),
    (DataType.EMAIL, "asha.verma@example.org"),
    (DataType.LOCATION, "28.613900, -77.209000"),
    (DataType.IP_ADDRESS, "9.9.9.9"),
    (DataType.SSID, "heron-copper-kettle"),
    (DataType.TEXT, "a"),
]
ODD = [
    (DataType.IMEI, "490154203237519", "check digit"),
    (DataType.IMSI, "0010112345", "14 or 15"),
    (DataType.ICCID, "8991101200003204511", "check digit"),
    (DataType.ICCID, "1191101200003204518", "89"),
    (DataType.PHONE_NUMBER, "+1202555", "length"),
    (DataType.SMS_PHONE_NUMBER, "VM-BANKIN", "only as it is written"),
    (DataType.WIFI_MAC, "02:00:00:00:00:00", "placeholder"),
    (DataType.ANDROID_ID, "9774d56d682e549c", "millions"),
    (DataType.ANDROID_ID, "1b2c3d4e5f60718", "leading zeros"),
    (DataType.ADVERTISING_ID, "00000000-0000-0000-0000-000000000000", "switched off"),
    (DataType.VENDOR_ID, "not a uuid", "as text"),
    (DataType.LOCATION, "0.0,0", "no place"),
    (DataType.IP_ADDRESS, "192.168.1.7", "private"),
    (DataType.SSID, '"heron"', "Android"),
    (DataType.SSID, "é" * 17, "32 bytes"),
    (DataType.TEXT, " a", "white space"),
]
IMPOSSIBLE = [
    (DataType.IMEI, "4901542032375", "15 digits"),
    (DataType.IMEI, "49015420323751X", "not all of them digits"),
    (DataType.MEID, "XYZ", "hex digits"),
    (DataType.IMSI, "0010101234567890", "at most 15"),
    (DataType.ICCID, "8991", "18 to 20"),
    (DataType.PHONE_NUMBER, "2025550143", "country code"),
    (DataType.CONTACT_PHONE_NUMBER, "+", "no phone number"),
    (DataType.BLUETOOTH_MAC, "00:00:5e:00:54", "12 hex"),
    (DataType.ANDROID_ID, "a1b2c3d4e5f607189", "16 hex"),
    (DataType.EMAIL, "asha at example", "name@domain"),
    (DataType.LOCATION, "51.5074", "latitude,longitude"),
    (DataType.LOCATION, "77.2,128.6,0", "latitude,longitude"),
    (DataType.LOCATION, "128.6,77.2", "other way round"),
    (DataType.LOCATION, "nan,nan", "from -90"),
    (DataType.IP_ADDRESS, "256.1.1.1", "203.0.113.7"),
]


@pytest.mark.parametrize(("data_type", "value"), FINE)
def test_a_right_value_passes_in_silence(data_type: DataType, value: str) -> None:
    assert check_value(data_type, value, None) == []


@pytest.mark.parametrize(("data_type", "value", "says"), ODD)
def test_an_odd_value_is_a_warning_that_does_not_repeat_it(
    data_type: DataType, value: str, says: str
) -> None:
    (warning,) = check_value(data_type, value, None)
    assert says in warning
    assert value not in warning


@pytest.mark.parametrize(("data_type", "value", "says"), IMPOSSIBLE)
def test_an_impossible_value_is_refused_without_repeating_it(
    data_type: DataType, value: str, says: str
) -> None:
    with pytest.raises(BadValue, match=says) as caught:
        check_value(data_type, value, None)
    if len(value) > 1:
        assert value not in str(caught.value)


def test_a_national_number_reads_with_its_region() -> None:
    assert check_value(DataType.PHONE_NUMBER, "(202) 555-0143", "US") == []


@given(st.text(alphabet="0123456789", min_size=1, max_size=25))
def test_the_check_digit_agrees_with_python_stdnum(digits: str) -> None:
    assert luhn_ok(digits) == luhn.is_valid(digits)


@given(st.sampled_from(DataType), st.text(max_size=40), st.sampled_from([None, "IN", "US"]))
def test_any_text_is_judged_or_refused(data_type: DataType, value: str, region: str | None) -> None:
    try:
        warnings = check_value(data_type, value, region)
    except BadValue:
        return
    assert all(isinstance(warning, str) for warning in warnings)
