"""The audit document on a terminal: flows, findings, coverage and blind spots, problems, in this order.

Wide terminals get tables, narrow ones a block for each flow; nothing is ever cut off, long words fold.
Captured text only enters as `Text` of visible characters, so neither rich markup nor an escape sequence in it
does anything. Whether there is colour is rich's decision: only on a terminal, and not under NO_COLOR.
"""

from itertools import chain
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from phonehome.documents.audit import AuditDocument, DestinationCoverage, FindingDoc, FlowDoc
from phonehome.reports import words
from phonehome.reports.case_summary import CaseSummary
from phonehome.reports.case_terminal import print_case
from phonehome.reports.summary import Summary, flow_countries, pick_findings, times
from phonehome.reports.text import visible

WIDE = 72
"""From this width on, tables; below, their columns would be narrower than the words in them."""

FINDINGS_SHOWN = 20
"""More would push the flows off the scrollback; JSON and HTML have all of them."""

ROWS_SHOWN = 30

LONGEST_FILTER = 160
"""Characters of a display filter for Wireshark, two lines; JSON and HTML have the longer ones."""

UNKNOWN_OPERATOR = "operator unknown"

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def _text(content: str, style: str = "") -> Text:
    return Text(visible(content), style=style, overflow="fold")


def _line(*parts: Text | str, separator: str = " · ") -> Text:
    shown = [part if isinstance(part, Text) else _text(part) for part in parts if str(part)]
    return Text(separator, overflow="fold").join(shown)


def _indent(content: RenderableType, by: int = 2) -> Padding:
    return Padding(content, (0, 0, 0, by), expand=False)


def _table(*headers: tuple[str, int | None, Literal["left", "right"]], width: int | None = None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", width=width)
    for name, columns, justify in headers:
        ratio = 1 if columns is None else None
        table.add_column(name, width=columns, ratio=ratio, justify=justify, overflow="fold")
    return table


def _heading(console: Console, title: str, note: str = "") -> None:
    console.print()
    console.print(_text(title, "bold"))
    if note:
        console.print(_text(note, "dim"))


def _severity(flow: FlowDoc) -> Text:
    return _text(flow.severity, _STYLES[flow.severity])


def _circumstances(flow: FlowDoc) -> list[str]:
    """Say when it was sent, as far as anybody wrote it down; the session's conditions stand with the session."""
    parts = [f"session {flow.session}"] if flow.session else []
    if flow.consent is not None:
        parts.append(f"consent: {flow.consent.replace('_', ' ')}")
    return parts + ([f"steps: {', '.join(flow.steps)}"] if flow.steps else [])


def _below(flow: FlowDoc) -> Text:
    return _line(
        flow.host or "host unknown", ", ".join(flow.methods), ", ".join(flow.value_ids), *_circumstances(flow)
    )


def _flow_row(flow: FlowDoc | None, width: int) -> Table:
    """Make one row, or without a flow the header; each is a table of its own, so that a line fits between."""
    table = _table(
        ("severity", 8, "left"),
        ("data type", 16, "left"),
        ("to", None, "left"),
        ("country", 14, "left"),
        ("transport", 9, "left"),
        ("count", 6, "right"),
        width=width,
    )
    table.show_header = flow is None
    if flow is not None:
        carried = _text(words.transport(flow.transport).removeprefix("transport "))
        carried.stylize("bold" if flow.transport == "cleartext" else "")
        what = _text(words.data_type(flow.data_type), "bold")
        where = _text(flow_countries(flow).removeprefix("country "))
        table.add_row(
            _severity(flow),
            what,
            _text(flow.organisation or UNKNOWN_OPERATOR),
            where,
            carried,
            f"{flow.count:,}",
        )
    return table


def _flow_block(flow: FlowDoc) -> Group:
    head = _line(_severity(flow), _text(words.data_type(flow.data_type), "bold"), f"{flow.count:,} ×")
    lines = [
        _line(flow.organisation or UNKNOWN_OPERATOR, flow_countries(flow), words.transport(flow.transport)),
        _below(flow),
    ]
    return Group(head, *(_indent(line) for line in lines))


def _print_flows(console: Console, flows: list[FlowDoc]) -> None:
    if console.width >= WIDE:
        console.print(_flow_row(None, console.width))
        for flow in flows:
            console.print(_flow_row(flow, console.width))
            console.print(_indent(Text.assemble(_below(flow), style="dim"), by=10))
        return
    for flow in flows:
        console.print(_flow_block(flow))


def _print_all_flows(console: Console, summary: Summary) -> None:
    _heading(console, f"What left the handset ({words.count(len(summary.up), 'flow')})")
    if summary.up:
        _print_flows(console, summary.up)
    elif summary.searched:
        console.print(_text(f"Nothing was seen. {summary.coverage_line}"))
    else:
        console.print(_text("Nothing was searched for."))
    if summary.down:
        note = "A server that sends a value back knows it. This is not counted as leaving."
        _heading(console, f"What the server sends back ({words.count(len(summary.down), 'flow')})", note)
        _print_flows(console, summary.down)
    if summary.weak:
        threshold = summary.doc.statistics.chance_threshold_bits
        note = f"These may stand there by accident: a weak form, or under {threshold:g} bits against chance."
        _heading(console, f"Weak ({words.count(len(summary.weak), 'flow')})", note)
        _print_flows(console, summary.weak)


def _finding_block(finding: FindingDoc) -> Group:
    exchange = finding.exchange
    place = f"offset {finding.offset}" if finding.offset is not None else "no offset"
    mark = _line(_text(finding.id, "bold"), f"‹{finding.value_id}›", f"{finding.form} ({finding.method})")
    source = f"{exchange.input} #{exchange.index}"
    rows = [
        _line(" ".join(filter(None, (exchange.method, exchange.url or exchange.host)))),
        _line(source, times(exchange.time, None), exchange.app or ""),
        _line(words.PARTS[finding.part], finding.path, place),
        _line("chain: " + (" › ".join(finding.chain) or "none"), f"{finding.chance_bits:.0f} bits"),
        _text(finding.excerpt, "dim"),
    ]
    if exchange.display_filter and len(exchange.display_filter) <= LONGEST_FILTER:
        rows.append(_text(f"filter: {exchange.display_filter}", "dim"))
    if finding.weak is not None:
        rows.append(_text(f"weak: {finding.weak}"))
    times_seen = [f"{finding.count:,} ×"] if finding.count > 1 else []
    return Group(_line(mark, *times_seen), *(_indent(row) for row in rows))


def _print_findings(console: Console, summary: Summary) -> None:
    findings = summary.doc.findings
    if not findings:
        return
    shown = pick_findings(summary.flows, findings, FINDINGS_SHOWN)
    note = ""
    if len(shown) < len(findings):
        note = f"{len(shown)} of {len(findings):,} are shown, some of every flow; the JSON document has all."
    _heading(console, f"Findings ({len(findings):,})", note)
    for finding in shown:
        console.print(_finding_block(finding))


def _coverage_rows(console: Console, rows: list[DestinationCoverage]) -> RenderableType:
    if console.width < WIDE:
        return Group(*chain.from_iterable(map(_coverage_block, rows)))
    numeric: list[tuple[str, int, Literal["right"]]] = [(name, 10, "right") for name in words.COVERAGE]
    table = _table(("destination", None, "left"), *numeric, width=console.width)
    for row in rows:
        numbers = [words.size(n) if n else "–" for n in (row.read, row.closed, row.unreadable, row.lost)]
        name = _text(row.host or row.address or "unknown destination")
        if row.reason:
            name = Text("\n", overflow="fold").join([name, _text(row.reason, "dim")])
        table.add_row(name, *numbers)
    return table


def _coverage_block(row: DestinationCoverage) -> list[RenderableType]:
    numbers = {"read": row.read, "closed": row.closed, "unreadable": row.unreadable, "lost": row.lost}
    shares = [f"{name} {words.size(number)}" for name, number in numbers.items() if number]
    lines = [_line(*shares), _text(row.reason or "", "dim")]
    name = _text(row.host or row.address or "unknown destination")
    return [name, *(_indent(line) for line in lines if line)]


def _print_coverage(console: Console, summary: Summary) -> None:
    coverage = summary.doc.coverage
    _heading(console, "Coverage", summary.coverage_line)
    if coverage.by_protocol:
        console.print(_line(*(f"{name} {number:,}" for name, number in coverage.by_protocol.items())))
    for name, number in summary.sent.items():
        if number:
            share = words.percent(number, summary.sent.total)
            console.print(_text(f"{name:<11}{words.size(number):>8}  {share:>8}  {words.COVERAGE[name]}"))
    rows = summary.coverage_rows
    if rows:
        console.print()
        console.print(_coverage_rows(console, rows[:ROWS_SHOWN]))
    if len(rows) > ROWS_SHOWN:
        console.print(_text(f"… and {words.count(len(rows) - ROWS_SHOWN, 'more destination')}.", "dim"))


def _print_blind_spots(console: Console, summary: Summary) -> None:
    figures = summary.doc.statistics
    _heading(console, "Blind spots", f"{words.NOT_SEEN} {words.NOT_RECORDED}")
    if summary.not_seen:
        names = _line(*(f"‹{name}› {kind}".strip() for name, kind in summary.not_seen))
        console.print(_text(f"Not seen ({len(summary.not_seen)} of {len(summary.searched)}):"))
        console.print(_indent(names))
    for value in summary.unsearched:
        kind = words.data_type(value.type)
        console.print(_text(f"Not searched for: ‹{value.id}› {kind}: {value.why or 'no reason given'}"))
    console.print(_text(words.NOT_COVERED))
    if figures.digests_not_available:
        console.print(_text(f"Digests that could not be tried: {', '.join(figures.digests_not_available)}"))
    if figures.decoys.hits:
        hits = ", ".join(figures.decoys.hits)
        console.print(_text(f"Decoys were hit, so findings of these forms are in doubt: {hits}", "bold"))
    searched = f"{words.size(figures.bytes_searched)} in {words.count(figures.layers_opened, 'layer')}"
    patterns = f"{figures.forms:,} forms and {figures.digests:,} digests"
    decoys = f"{len(figures.decoys.hits)} of {words.count(figures.decoys.values, 'decoy')} hit"
    console.print(_text(f"Searched: {searched} for {patterns}; {decoys}.", "dim"))


def _print_problems(console: Console, summary: Summary) -> None:
    problems = summary.problems
    if not problems:
        return
    _heading(console, f"Problems ({len(problems):,})", f"{summary.lost_problems:,} of them lost something.")
    for problem in problems[:ROWS_SHOWN]:
        console.print(_line("lost" if problem.lost else "kept", f"{problem.where}: {problem.reason}"))
    if len(problems) > ROWS_SHOWN:
        console.print(_text(f"… and {words.count(len(problems) - ROWS_SHOWN, 'more problem')}.", "dim"))


def render_terminal(doc: AuditDocument, console: Console) -> None:
    """Print the document for people, fitted to the console's width."""
    summary = Summary(doc=doc)
    inputs = (file.path for file in doc.inputs)
    name = doc.case.title if doc.case is not None else summary.subject_name
    console.print(_line(f"{doc.tool.name} {doc.tool.version}", name, *([] if doc.case else inputs)))
    for file in doc.inputs:
        if file.handset is not None:
            name = ", ".join(file.handset.addresses[:4]) or file.handset.mac or "unknown"
            console.print(_text(f"The handset in {file.path} is {name}: {file.handset.why}.", "dim"))
    console.print(_text(summary.answer, "bold"))
    console.print(_text(summary.coverage_line))
    if doc.case is not None:
        print_case(console, CaseSummary(doc=doc, case=doc.case))
    _print_all_flows(console, summary)
    _print_findings(console, summary)
    _print_coverage(console, summary)
    _print_blind_spots(console, summary)
    _print_problems(console, summary)
