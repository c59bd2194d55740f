"""An audit by several processes is the audit by one."""

from pathlib import Path

import pytest
from detecting import IMEI, har_entry, known, subject_of, write_har

from phonehome.audit.pool import Pool
from phonehome.audit.run import audit
from phonehome.detect import BLOCK_BATCHES, Detector
from phonehome.detect.detector import BATCH_EXCHANGES
from phonehome.model.exchange import Exchange, Message, Protocol
from phonehome.readers import ReadingOptions

SUBJECT = subject_of(known("imei", IMEI))
BLOCK = BLOCK_BATCHES * BATCH_EXCHANGES


def exchange(index: int) -> Exchange:
    body = f"imei={IMEI}&n={index}" if index % 100 == 7 else f"nothing={index % 50}"
    return Exchange(
        index=index,
        protocol=Protocol.HTTP_1_1,
        url=b"https://a.example/x",
        host="a.example",
        request=Message(body=body.encode(), size=len(body)),
    )


@pytest.mark.parametrize("number", [0, 1, BLOCK, BLOCK + 1, 2 * BLOCK + 30])
def test_the_results_and_the_figures_are_those_of_one_detector(number: int) -> None:
    exchanges = [exchange(index) for index in range(number)]
    detector = Detector(SUBJECT)
    expected = list(detector.examine(exchanges))
    pool = Pool(Detector(SUBJECT), 2)
    assert list(pool.examine(exchanges)) == expected
    assert pool.tally == detector.tally
    assert sum(len(one.findings) for one in expected) == len(range(7, number, 100))


def test_the_document_is_the_same(tmp_path: Path) -> None:
    path = write_har(tmp_path, *(har_entry(f"imei={IMEI}") for _ in range(3)))
    documents = [audit([path], subject=SUBJECT, options=ReadingOptions(workers=n)) for n in (1, 2)]
    assert documents[0] == documents[1]
    assert documents[0].findings
