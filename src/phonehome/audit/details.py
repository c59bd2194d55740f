"""What people decided about an advisory, without the known values of the case that it is about."""

from dataclasses import replace

from phonehome.audit.written import Written
from phonehome.model.advisory import AdvisoryDetails, Publisher
from phonehome.model.errors import ConfigError


def clean_details(details: AdvisoryDetails, written: Written) -> tuple[AdvisoryDetails, tuple[str, ...]]:
    """Mask the texts of `advisory.yaml`; gives them, and the keys whose texts held a value.

    Raises:
        ConfigError: An address holds a value: masked, it would lead nowhere.
    """
    cleaner = _Cleaner(written)
    cleaned = replace(
        details,
        title=cleaner.maybe(details.title, "title"),
        id=cleaner.maybe(details.id, "id"),
        publisher=_publisher(details.publisher, cleaner) if details.publisher is not None else None,
        overview=tuple(cleaner.text(text, "overview") for text in details.overview),
        what_to_do=tuple(
            replace(one, text=cleaner.text(one.text, "what_to_do")) for one in details.what_to_do
        ),
        references=tuple(
            replace(
                one,
                summary=cleaner.text(one.summary, "references"),
                url=cleaner.address(one.url, "references"),
            )
            for one in details.references
        ),
        revisions=tuple(
            replace(one, summary=cleaner.text(one.summary, "revisions")) for one in details.revisions
        ),
    )
    return cleaned, tuple(dict.fromkeys(cleaner.found))


def _publisher(publisher: Publisher, cleaner: "_Cleaner") -> Publisher:
    return replace(
        publisher,
        name=cleaner.text(publisher.name, "publisher"),
        namespace=cleaner.address(publisher.namespace, "publisher"),
        contact=cleaner.maybe(publisher.contact, "publisher"),
    )


class _Cleaner:
    """Masks texts, and remembers under which keys that changed one."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self.found: list[str] = []

    def text(self, text: str, key: str) -> str:
        masked = self._written.clean(text)
        if masked != text:
            self.found.append(key)
        return masked

    def maybe(self, text: str | None, key: str) -> str | None:
        return None if text is None else self.text(text, key)

    def address(self, url: str, key: str) -> str:
        if self._written.clean(url) != url:
            raise ConfigError(
                f"an address under {key} of the advisory file holds a known value, and masked it would lead nowhere; "
                "leave it out, or give --reveal if the notice may show values"
            )
        return url
