"""What people wrote in a case, and the known values in it: titles, ids, notes, claims, policies.

Captured text is masked where it is read. What people wrote reaches the document by many ways (a judge quotes a claim, a
sentence names a step), so it is masked once, in the finished document: wherever the same text stands, the same is put
in its place, and what was joined by an id stays joined. A case in which nobody wrote a value is not touched at all.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from phonehome.detect import Detector
from phonehome.detect.masking import printable
from phonehome.detect.strangers import mask_strangers
from phonehome.documents import audit as doc
from phonehome.documents.case import CaseDoc
from phonehome.model.case import Case, CaseHandset
from phonehome.model.subject import DataType, KnownValue, Subject

MIN_LITERAL = 4
"""Characters of a value that is taken out of text as it stands in the subject's file; fewer stand in too many words."""
MIN_DIGITS = 6
"""Digits of a value that tell it, in an id."""
WHAT_A_HANDSET_IS = frozenset(
    {DataType.DEVICE_MODEL, DataType.DEVICE_NAME, DataType.IDENTIFIER, DataType.TEXT}
)
"""Types under which a subject may list what the case says openly: make, model and builds."""

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Shown: TypeAlias = Callable[[str], str]
Place: TypeAlias = tuple[str | int, ...]

_CLOSED = frozenset(
    {"kind", "position", "state", "data_type", "data_types", "exposes", "transports", "severity", "verdict"}
    | {"party", "decision", "outcome", "at", "first", "last", "date", "since", "until"}
    | {"flows", "findings", "values", "host", "address", "organisation", "organisations", "country"}
)
"""Keys of what nobody wrote into the case freely: words of a vocabulary, times, ids, and what the recordings say."""
_SENTENCES = frozenset(
    {"sentence", "reason", "reasons", "why", "missing", "coverage", "superseded", "misses", "evidence", "by"}
)
"""Keys of what the program says, in which people's words are quoted."""
_IDS = re.compile(r"(?:handsets|services|sessions|steps)/\d+/id\Z")


class Written:
    """Takes the known values of all subjects of a case out of what people wrote."""

    def __init__(self, case: Case, *, reveal: bool = False) -> None:
        """Keep a case in mind; its subjects' forms are worked out when they are first needed."""
        self._case = case
        self.reveal = reveal

    def clean(self, text: str) -> str:
        """Put ids where known values stand, in all their forms; text without one is given as it is."""
        if self.reveal:
            return text
        found = _show(text, self._shows)
        for pattern, name in self._literals:
            found = pattern.sub(f"‹{name}›", found)
        return found

    def quote(self, text: str) -> str:
        """Do the same for a sentence of the program, in which a plain word is one of its own and no contact's name."""
        return text if self.reveal else _show(text, self._quotes)

    @functools.cached_property
    def _subjects(self) -> list[Subject]:
        public = _said_openly(self._case.handsets)
        return [
            _only(one, lambda value: not _is_public(value, public))
            for one in name_apart(self._case.subjects).values()
        ]

    @functools.cached_property
    def _shows(self) -> list[Shown]:
        return [Detector(one).make_masker(reveal=False).path for one in self._subjects]

    @functools.cached_property
    def _quotes(self) -> list[Shown]:
        shows = []
        for subject, show in zip(self._subjects, self._shows, strict=True):
            some = _only(subject, lambda value: not value.value.isalpha())
            alike = len(some.values) == len(subject.values)
            shows.append(show if alike else Detector(some).make_masker(reveal=False).path)
        return shows

    @functools.cached_property
    def _literals(self) -> list[tuple[re.Pattern[str], str]]:
        values = [value for one in self._subjects for value in one.values if len(value.value) >= MIN_LITERAL]
        values.sort(key=lambda value: len(value.value), reverse=True)
        return [(_whole(value.value, re.IGNORECASE), value.id) for value in values]


def _only(subject: Subject, holds: Callable[[KnownValue], bool]) -> Subject:
    return replace(subject, values=tuple(filter(holds, subject.values)))


def _show(text: str, shows: Iterable[Shown]) -> str:
    """Mask a text; one in which nothing was masked keeps even what cannot be printed."""
    found = text
    for show in shows:
        found = show(found)
    if found == printable(text.encode("utf-8", "backslashreplace")):
        return text
    return found.replace("\\x0a", "\n") if "\n" in text else found


def name_apart(subjects: Mapping[str, Subject]) -> dict[str, Subject]:
    """Let the ids of values tell whose they are, where a case has several subjects.

    Ids stand in reports where values were. One that is itself a value, as of a subject that is called by its IMEI, is
    no such id: a number takes its place.
    """
    known = {_bare(value.value) for one in subjects.values() for value in one.values}
    apart = {}
    for number, (name, subject) in enumerate(subjects.items(), 1):
        prefix = "" if len(subjects) == 1 else f"handset-{number}/" if _tells(name, known) else f"{name}/"
        values = tuple(
            replace(
                value,
                id=f"{prefix}{f'{value.type}-no-{place}' if _tells(value.id, known) else value.id}",
            )
            for place, value in enumerate(subject.values, 1)
        )
        apart[name] = replace(subject, values=values)
    return apart


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _tells(name: str, known: Iterable[str]) -> bool:
    """Say whether an id is a value, or holds the digits of one."""
    bare = _bare(name)
    return any(
        value == bare or (value.isdigit() and len(value) >= MIN_DIGITS and value in bare) for value in known
    )


def _said_openly(handsets: Iterable[CaseHandset]) -> frozenset[str]:
    return frozenset(
        text.casefold() for one in handsets for text in (one.make, one.model, *one.builds) if text is not None
    )


def _is_public(value: KnownValue, public: frozenset[str]) -> bool:
    """What the case says openly is no secret, though a subject lists it; a number is none of these, whoever says so."""
    if value.type not in WHAT_A_HANDSET_IS or mask_strangers(value.value) != value.value:
        return False
    text = value.value.casefold()
    return text in public or (value.type is DataType.DEVICE_MODEL and any(text in one for one in public))


def _whole(text: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(text)}(?![^\W_])", flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A document without values in what people wrote, and where they wrote some."""

    document: doc.AuditDocument
    places: tuple[str, ...] = ()


def clean_document(document: doc.AuditDocument, written: Written) -> Cleaned:
    """Mask what people wrote, wherever it stands in the document of a case."""
    if written.reveal or document.case is None:
        return Cleaned(document=document)
    dump = document.case.model_dump(mode="json")
    texts = list(_iter_texts(dump, ()))
    names: dict[str, str] = {}
    places = []
    for place, text in texts:
        if not _is_sentence(place):
            masked = written.clean(text)
            if masked != text:
                places.append(_write_place(place))
                names[text] = masked
    _keep_apart(names, {text for place, text in texts if _IDS.search("/".join(map(str, place)))})
    quoted = _replacer(names)
    for place, text in texts:
        if _is_sentence(place):
            names[text] = written.quote(quoted(text))
    names = {text: name for text, name in names.items() if name != text}
    if not names:
        return Cleaned(document=document)
    return Cleaned(
        document=_apply(document, CaseDoc.model_validate(_rewrite(dump, _replacer(names))), _replacer(names)),
        places=tuple(dict.fromkeys(places)),
    )


def _keep_apart(names: dict[str, str], ids: set[str]) -> None:
    """Let no two ids become one, for then their sessions or steps would."""
    taken = ids - names.keys()
    for text in sorted(ids & names.keys()):
        wanted, number = names[text], 1
        while names[text] in taken:
            number += 1
            names[text] = f"{wanted}-{number}"
        taken.add(names[text])


def _replacer(names: Mapping[str, str]) -> Shown:
    if not names:
        return lambda text: text
    longest = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest))})(?![^\W_])")
    return lambda text: names.get(text) or pattern.sub(lambda match: names[match.group()], text)


def _iter_texts(node: Json, place: Place) -> Iterator[tuple[Place, str]]:
    """Give every text that people may have written, with its place; names of fields are none of theirs."""
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _iter_texts(item, (*place, number))
    elif isinstance(node, dict):
        for key, item in node.items():
            if _is_mapping(place):
                yield place, key
            if not _is_closed(place, key):
                yield from _iter_texts(item, (*place, key))


def _rewrite(node: Json, shown: Shown, place: Place = ()) -> Json:
    if isinstance(node, str):
        return shown(node)
    if isinstance(node, list):
        return [_rewrite(item, shown, (*place, number)) for number, item in enumerate(node)]
    if isinstance(node, dict):
        free = _is_mapping(place)
        return {
            (shown(key) if free else key): item
            if _is_closed(place, key)
            else _rewrite(item, shown, (*place, key))
            for key, item in node.items()
        }
    return node


def _is_mapping(place: Place) -> bool:
    """Say whether the keys are people's: of conditions, and of the session that would test a claim."""
    return bool(place) and place[-1] in {"conditions", "proposal"}


def _is_closed(place: Place, key: str) -> bool:
    if _is_mapping(place):
        return False
    of_session = len(place) == 2 and place[0] == "sessions"
    return (
        key in _CLOSED
        or (of_session and key == "not_seen")
        or (key in {"stated", "seen"} and "residency" in place)
    )


def _is_sentence(place: Place) -> bool:
    if place[0] == "annotations" or any(_is_mapping(place[:end]) for end in range(len(place))):
        return False
    return any(part in _SENTENCES for part in place)


def _write_place(place: Place) -> str:
    """Write a place for people: `sessions[2].steps[0].id`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def _apply(document: doc.AuditDocument, case: CaseDoc, shown: Shown) -> doc.AuditDocument:
    """Put the case in, and everything outside of it that names a part of it."""

    def maybe(text: str | None) -> str | None:
        return None if text is None else shown(text)

    subject = document.subject
    if subject is not None:
        subject = subject.model_copy(update={"name": maybe(subject.name)})
    return document.model_copy(
        update={
            "case": case,
            "subject": subject,
            "inputs": [one.model_copy(update={"path": shown(one.path)}) for one in document.inputs],
            "flows": [
                one.model_copy(
                    update={
                        "session": maybe(one.session),
                        "steps": _all(one.steps, shown),
                        "conditions": {shown(name): shown(value) for name, value in one.conditions.items()},
                        "consents": {shown(name): states for name, states in one.consents.items()},
                    }
                )
                for one in document.flows
            ],
            "findings": [
                one.model_copy(
                    update={
                        "session": maybe(one.session),
                        "step": maybe(one.step),
                        "consent": {shown(name): state for name, state in one.consent.items()},
                        "exchange": one.exchange.model_copy(update={"input": shown(one.exchange.input)}),
                    }
                )
                for one in document.findings
            ],
            "problems": [
                one.model_copy(update={"where": shown(one.where), "reason": shown(one.reason)})
                for one in document.problems
            ],
        }
    )


def _all(texts: Sequence[str], shown: Shown) -> list[str]:
    return [shown(text) for text in texts]
