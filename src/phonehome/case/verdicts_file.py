"""`verdicts.yaml`: verdicts that known facts allow, written by hand, to score by (`phonehome.verdicts/1`)."""

from pathlib import Path

from phonehome.case.claims_file import MAX_CLAIMS, read_claim_id, read_flag
from phonehome.case.reading import Remarks, open_whole, read_optional, read_word, require
from phonehome.case.yamlfile import Node
from phonehome.model.claim import Confidence, ExpectedVerdict, Verdict

SCHEMA = "phonehome.verdicts/1"
KEYS = ("verdicts",)
VERDICT_KEYS = ("id", "verdict", "confidence", "superseded", "why")
NEW = "an editor"


def load_verdicts(path: Path) -> tuple[ExpectedVerdict, ...]:
    """Read expected verdicts, each claim's once.

    Raises:
        ConfigError: Something in it is wrong; a line for each, with file and line.
    """
    top, parts = open_whole(path, SCHEMA, "a file of verdicts", KEYS, NEW)
    remarks = Remarks()
    found: dict[str, ExpectedVerdict] = {}
    with remarks.collecting():
        for item in require(parts, "verdicts", top, "[{id: A1, verdict: untested, confidence: high}]").items(
            "verdicts", MAX_CLAIMS
        ):
            with remarks.collecting():
                verdict = _read(item)
                if verdict.id in found:
                    raise item.error(f"the verdict on {verdict.id} stands twice; keep one")
                found[verdict.id] = verdict
    remarks.check()
    return tuple(found.values())


def _read(item: Node) -> ExpectedVerdict:
    parts = item.mapping("a verdict", VERDICT_KEYS)
    superseded = parts.get("superseded")
    return ExpectedVerdict(
        id=read_claim_id(require(parts, "id", item, "A1")),
        verdict=read_word(require(parts, "verdict", item, "untested"), "verdict", Verdict),
        confidence=read_word(require(parts, "confidence", item, "high"), "confidence", Confidence),
        superseded=None if superseded is None or superseded.is_null else read_flag(superseded, "superseded"),
        why=read_optional(parts.get("why"), "why"),
    )
