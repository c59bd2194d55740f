"""The document of a case, without the known values in what people wrote.

Captured text is masked where it is read. What people wrote reaches the document by many ways (a judge quotes a claim, a
sentence names a step), so it is masked once, in the finished document: wherever the same text stands, the same is put
in its place, and what was joined by an id stays joined. A case in which nobody wrote a value is not touched at all.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from phonehome.audit.written import Shown, Written
from phonehome.documents import audit as doc
from phonehome.documents.case import CaseDoc

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
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
            if masked != text and text not in names:
                places.append(_write_place(place))
                names[text] = masked
    _keep_apart(names, {text for place, text in texts if _IDS.search("/".join(map(str, place)))})
    quoted = _replacer(names)
    for place, text in texts:
        if _is_sentence(place):
            names[text] = written.quote(quoted(text))
    names = {text: name for text, name in names.items() if name != text}
    notes = tuple(written.places())
    if not names:
        return Cleaned(document=document, places=notes)
    return Cleaned(
        document=_apply(document, CaseDoc.model_validate(_rewrite(dump, _replacer(names))), _replacer(names)),
        places=(*places, *notes),
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
