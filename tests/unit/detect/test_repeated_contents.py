"""What a batch showed to hold nothing is remembered; that must never lose a part of a later exchange."""

from phonehome.detect import Detector
from phonehome.model.exchange import Exchange, Message, Protocol
from phonehome.model.subject import DataType, KnownValue, Subject

SUBJECT = Subject(values=(KnownValue(id="imei", type=DataType.IMEI, value="490154203237518"),))


def exchange(index: int, *, header: bytes = b"", body: bytes = b"") -> Exchange:
    return Exchange(
        index=index,
        protocol=Protocol.HTTP_1_1,
        url=b"https://example.com/",
        host="example.com",
        request=Message(headers=((b"X-Note", header),), body=body),
    )


def test_a_body_may_be_what_an_earlier_batch_saw_in_a_header() -> None:
    detector = Detector(SUBJECT)
    note = b"nothing to see in these words"
    list(detector.examine([exchange(0, header=note)]))
    [examined] = detector.examine([exchange(1, body=note)])
    assert examined.findings == ()


def test_a_value_is_found_again_in_every_batch() -> None:
    detector = Detector(SUBJECT)
    body = b"imei=490154203237518"
    for index in range(3):
        [examined] = detector.examine([exchange(index, header=body, body=body)])
        assert {finding.part.value for finding in examined.findings} == {"request.headers", "request.body"}
