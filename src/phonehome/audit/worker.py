"""A worker of `Pool`: first it is told the subject, then it searches blocks of exchanges."""

from collections.abc import Iterator

from phonehome.audit.pool import Searched, search
from phonehome.detect import Detector
from phonehome.model.subject import Subject
from phonehome.workers import serve


class _Searching:
    """Keeps the detector between the messages."""

    def __init__(self) -> None:
        self._detector = Detector(Subject())

    def answer(self, message: object) -> Iterator[Searched]:
        if isinstance(message, Subject):
            self._detector = Detector(message)
            return
        assert isinstance(message, list)
        yield search(self._detector, message)


if __name__ == "__main__":
    serve(_Searching().answer)
