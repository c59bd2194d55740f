"""The notice made fit to be shown: what cannot be seen in a text becomes a visible escape."""

from pydantic import BaseModel

from phonehome.documents.advisory import AdvisoryDocument
from phonehome.reports.advisory.sent import shorten
from phonehome.reports.text import visible

TEXT_CHARS = 10_000
"""Characters of one text that are shown; longer ones, which no person wrote, lose their middle."""


def make_visible(doc: AdvisoryDocument) -> AdvisoryDocument:
    """Copy the notice with every control, bidi and invisible character written out, in every text at any depth."""
    shown = _shown(doc)
    assert isinstance(shown, AdvisoryDocument)
    return shown


def _shown(value: object) -> object:
    match value:
        case str():
            return visible(shorten(value, TEXT_CHARS))
        case BaseModel():
            names = type(value).model_fields
            return value.model_copy(update={name: _shown(getattr(value, name)) for name in names})
        case list():
            return [_shown(item) for item in value]
        case dict():
            return {visible(shorten(str(key), TEXT_CHARS)): _shown(item) for key, item in value.items()}
        case _:
            return value
