"""What people wrote in a case, and the known values in it: titles, ids, notes, claims, policies, advisories."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from phonehome.detect import Detector
from phonehome.detect.masking import printable
from phonehome.detect.strangers import mask_strangers
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

MIN_PASSAGE = 20
"""Characters of a message that are taken for a part of it; fewer are words that anybody uses."""
MIN_TOKEN = 20
"""Characters without a space in which a message may stand encoded, or as its digest."""

Shown: TypeAlias = Callable[[str], str]


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

    def places(self) -> Iterator[str]:
        """Name the notes of the case that hold a value: they are masked before they are part of a document."""
        notes = [
            *(
                (f"sessions[{s}].steps[{n}].note", step.note)
                for s, one in enumerate(self._case.sessions)
                for n, step in enumerate(one.steps)
            ),
            *(
                (f"sessions[{s}].consent[{n}].shown", entry.shown)
                for s, one in enumerate(self._case.sessions)
                for n, entry in enumerate(one.consent)
            ),
            *((f"annotations[{n}].reason", one.reason) for n, one in enumerate(self._case.annotations)),
            *((f"annotations[{n}].note", one.note) for n, one in enumerate(self._case.annotations)),
        ]
        for place, text in notes:
            if text is not None and self.clean(text) != text:
                yield place

    @functools.cached_property
    def _subjects(self) -> list[Subject]:
        public = _said_openly(self._case.handsets)
        return [
            _only(one, lambda value: not _is_public(value, public))
            for one in name_apart(self._case.subjects).values()
        ]

    @functools.cached_property
    def _shows(self) -> list[Shown]:
        return [_make_show(one) for one in self._subjects]

    @functools.cached_property
    def _quotes(self) -> list[Shown]:
        shows = []
        for subject, show in zip(self._subjects, self._shows, strict=True):
            some = _only(subject, lambda value: not value.value.isalpha())
            alike = len(some.values) == len(subject.values)
            shows.append(show if alike else _make_show(some))
        return shows

    @functools.cached_property
    def _literals(self) -> list[tuple[re.Pattern[str], str]]:
        values = [value for one in self._subjects for value in one.values if len(value.value) >= MIN_LITERAL]
        values.sort(key=lambda value: len(value.value), reverse=True)
        return [(_whole(value.value, re.IGNORECASE), value.id) for value in values]


def _is_message(value: KnownValue) -> bool:
    """Say whether a value is running text: the masker of traffic hides it by pieces as short as two words."""
    return len(value.value) >= MIN_PASSAGE and " " in value.value.strip()


def _make_show(subject: Subject) -> Shown:
    """Mask the values of one subject; of a message, passages in plain and whatever stands encoded."""
    messages = [value for value in subject.values if _is_message(value)]
    brief = Detector(_only(subject, lambda value: not _is_message(value))).make_masker(reveal=False).path
    if not messages:
        return brief
    whole = Detector(subject).make_masker(reveal=False).path
    passages = {
        text[at : at + MIN_PASSAGE]: value.id
        for value in messages
        for text in (value.value.casefold(),)
        for at in range(len(text) - MIN_PASSAGE + 1)
    }

    def show(text: str) -> str:
        text = re.sub(rf"\S{{{MIN_TOKEN},}}", lambda token: whole(token.group()), text)
        return _hide_passages(brief(text), passages)

    return show


def _hide_passages(text: str, passages: Mapping[str, str]) -> str:
    """Put a message's id where a passage of it stands."""
    folded, shown, at = text.casefold(), [], 0
    if len(folded) != len(text):  # of the few letters that change their length, none is lost
        folded = text.lower() if len(text.lower()) == len(text) else text
    while at < len(text):
        name = passages.get(folded[at : at + MIN_PASSAGE])
        if name is None:
            shown.append(text[at])
            at += 1
            continue
        at += MIN_PASSAGE
        while at < len(text) and folded[at - MIN_PASSAGE + 1 : at + 1] in passages:
            at += 1
        shown.append(f"‹{name}›")
    return "".join(shown)


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
