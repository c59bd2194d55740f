"""A case on a terminal: per build what left, decisions, claims, causes, and what to record next.

Printed between the answer and the flows; the same words as on the HTML page.
"""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from phonehome.documents.judgement import DecisionDoc, JudgementDoc, UnitDoc, VerdictDoc
from phonehome.reports import words
from phonehome.reports.case_summary import RECONSTRUCTION, BuildLine, CaseSummary, conditions, rate
from phonehome.reports.text import visible

ROWS_SHOWN = 30
PROPOSALS_SHOWN = 5
TYPES_NAMED = 6

_DECISIONS = {"prohibit": "bold red", "restrict": "yellow", "allow": "green", None: "dim"}
_RESIDENCY = {"outside": "bold red", "undecided": "yellow", "inside": "green"}
_VERDICTS = {"contradicted": "bold red", "conflict": "yellow", "consistent": "green"}


def print_case(console: Console, case: CaseSummary) -> None:
    """Print what the audit document says of its case."""
    if case.case.kind == "reconstruction":
        console.print(_text(RECONSTRUCTION, "bold"))
    _heading(console, "By build")
    for line in case.builds:
        _print_build(console, line, named=case.many_handsets)
    judgement = case.judgement
    if judgement is not None:
        _print_decisions(console, judgement)
        _print_verdicts(console, judgement.verdicts)
        _print_causes(console, judgement)
        _print_places(console, judgement)
    _print_sessions(console, case)
    if judgement is not None:
        _print_proposals(console, judgement)
    if case.case.evidence:
        _heading(console, "The evidence")
        for sentence in case.case.evidence:
            _item(console, sentence, by=0)


def _text(content: str, style: str = "") -> Text:
    return Text(visible(content), style=style, overflow="fold")


def _heading(console: Console, title: str, note: str = "") -> None:
    console.print()
    console.print(_text(title, "bold"))
    if note:
        console.print(_text(note, "dim"))


def _item(console: Console, text: Text | str, by: int = 2) -> None:
    shown = text if isinstance(text, Text) else _text(text)
    console.print(Padding(shown, (0, 0, 0, by), expand=False))


def _types(names: Iterable[str]) -> str:
    shown = [words.data_type(name) for name in names]
    return words.listing_at_most(shown, TYPES_NAMED, "more data type", "more data types")


def _print_build(console: Console, line: BuildLine, *, named: bool) -> None:
    name = f"{line.handset}, {line.build}" if named else line.build
    console.print(Text.assemble(_text(name, "bold"), f"  {words.count(len(line.sessions), 'session')}"))
    if line.sent:
        clear = f"; in cleartext: {_types(line.clear)}" if line.clear else ""
        _item(console, f"left: {_types(line.sent)}{clear}")
    else:
        _item(console, "nothing that was searched for was seen leaving")
    for absence in line.absent:
        chances = words.count(absence.exposures, "exposure")
        _item(
            console,
            _text(
                f"not seen: {words.data_type(absence.data_type)} after {chances} ({rate(absence.rate_bound)})",
                "dim",
            ),
        )
    for session in line.dim:
        _item(
            console, _text(f"too little of {session} could be read for its silence to mean anything", "dim")
        )


def _print_decisions(console: Console, judgement: JudgementDoc) -> None:
    if judgement.policy is None:
        return
    _heading(console, f"Decisions (policy: {judgement.policy})")
    for decision in judgement.decisions:
        console.print(
            Text.assemble(
                _text(decision.decision or "undecided", _DECISIONS[decision.decision]),
                "" if decision.enforced else " (advice)",
                "  ",
                _text(decision_name(decision), "bold"),
            )
        )
        _item(console, decision.reason)
        for advice in decision.advice:
            _item(console, f"do: {advice}")
        for missing in decision.missing:
            _item(console, _text(f"missing: {missing}", "dim"))
    _print_units(console, judgement.units)


def decision_name(decision: DecisionDoc) -> str:
    """Name what a decision is on: make, model and build, as far as they are known."""
    made = " ".join(filter(None, (decision.make, decision.model)))
    return ", ".join(filter(None, (made or decision.subject, decision.build)))


def _print_units(console: Console, units: list[UnitDoc]) -> None:
    if not units:
        return
    _heading(console, f"Your handsets ({len(units):,})")
    for state in ("affected", "not_affected", "not_tested"):
        found = [unit for unit in units if unit.state == state]
        if not found:
            continue
        console.print(_text(f"{state.replace('_', ' ')}: {len(found):,}", "bold"))
        for unit in found[:ROWS_SHOWN]:
            name = " ".join(filter(None, (unit.make, unit.model, unit.build)))
            _item(console, f"{unit.unit or f'line {unit.line}'}: {name}: {unit.why}")
        if len(found) > ROWS_SHOWN:
            _item(console, f"… and {len(found) - ROWS_SHOWN:,} more; the JSON document has all.")


def _print_verdicts(console: Console, verdicts: list[VerdictDoc]) -> None:
    if not verdicts:
        return
    _heading(
        console,
        f"Claims ({len(verdicts):,})",
        "“Consistent” says that nothing speaks against it, never more.",
    )
    for verdict in verdicts:
        stale = " · superseded" if verdict.superseded is not None else ""
        console.print(
            Text.assemble(
                _text(verdict.verdict + stale, _VERDICTS.get(verdict.verdict, "cyan")),
                _text(
                    f"  {verdict.id}  {verdict.who}{f', {verdict.date}' if verdict.date else ''}: ", "bold"
                ),
                _text(verdict.text),
            )
        )
        _item(console, _text(verdict.reason, "dim"))
        if verdict.superseded is not None:
            _item(console, _text(f"superseded: {verdict.superseded}", "dim"))


def _print_causes(console: Console, judgement: JudgementDoc) -> None:
    if not judgement.causes:
        return
    _heading(console, "What causes what")
    for cause in judgement.causes[:ROWS_SHOWN]:
        _item(console, cause.sentence, by=0)
    if len(judgement.causes) > ROWS_SHOWN:
        _item(console, f"… and {len(judgement.causes) - ROWS_SHOWN:,} more; the JSON document has all.")


def _print_places(console: Console, judgement: JudgementDoc) -> None:
    if not judgement.residency and not judgement.latency_changes:
        return
    _heading(console, "Where data goes")
    for row in judgement.residency:
        said = words.listing(words.country_in_text(code) for code in row.stated) if row.stated else "nowhere"
        state = row.state.replace("_", " ")
        console.print(
            Text.assemble(_text(state, _RESIDENCY.get(row.state, "cyan")), _text(f"  {row.id}: {said}"))
        )
        _item(console, _text(row.reason, "dim"))
    for change in judgement.latency_changes[:ROWS_SHOWN]:
        spread = ""
        if change.low is not None and change.high is not None:
            spread = f" (95 %: {change.low:+.0f} to {change.high:+.0f} %)"
        console.print(
            _text(
                f"{change.host}, {change.by}: {change.before_median:.1f} ms before, {change.after_median:.1f} ms "
                f"after, {change.change_percent:+.0f} %{spread}"
            )
        )


def _print_sessions(console: Console, case: CaseSummary) -> None:
    _heading(console, f"Sessions ({len(case.case.sessions):,})")
    for session in case.case.sessions:
        read = words.percent(session.coverage.read, session.coverage.bytes_up)
        console.print(
            Text.assemble(
                _text(session.id, "bold"), _text(f"  {session.position}; {conditions(session.conditions)}")
            )
        )
        left = _types(case.sent_in(session)) if case.sent_in(session) else "nothing that was searched for"
        _item(
            console,
            f"{words.size(session.coverage.bytes_up)} sent upward, {read} of it read; seen leaving: {left}",
        )
    for sentence, sessions in case.misses:
        where = "all sessions" if len(sessions) == len(case.case.sessions) else words.listing_at_most(
            sessions, 3, "more", "more"
        )  # fmt: skip
        _item(console, _text(f"{sentence} ({where})", "dim"), by=0)


def _print_proposals(console: Console, judgement: JudgementDoc) -> None:
    if not judgement.proposals:
        return
    _heading(console, "Sessions to record next, the most telling first")
    for number, proposal in enumerate(judgement.proposals[:PROPOSALS_SHOWN], 1):
        console.print(_text(f"{number}. {conditions(proposal.conditions)}", "bold"))
        if proposal.steps:
            _item(console, f"steps: {', '.join(proposal.steps)}")
        for reason in proposal.reasons[:3]:
            _item(console, reason)
