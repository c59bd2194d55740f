"""The run of an audit: from captures to the document.

Captures are read, exchange by exchange; each is searched; findings get their destination, their chance and their
weight; flows are what people read. Problems and coverage travel beside them to the last page.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import phonenumbers

from phonehome import __version__
from phonehome.attribution import Attributor
from phonehome.audit.coverage import CoverageTally
from phonehome.audit.findings import FindingRenderer
from phonehome.audit.flows import MAX_LISTED, MAX_LISTED_IN_ALL, FlowBook, Gathering
from phonehome.audit.pool import Pool
from phonehome.audit.session import Place
from phonehome.audit.text import write_time
from phonehome.detect import Detector
from phonehome.detect.chance import THRESHOLD_BITS
from phonehome.detect.masking import Masker
from phonehome.documents import audit as doc
from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.finding import Finding
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.model.subject import Subject
from phonehome.readers import InputFacts, InputFile, ReadingOptions, iter_inputs, read_inputs

MAX_PROBLEMS = 20_000
MAX_DECOY_HITS = 1_000
PROGRESS_EVERY = 20_000

Progress = Callable[[str], None]


def audit(
    paths: Sequence[str],
    *,
    subject: Subject | None = None,
    geo_databases: Sequence[Path] = (),
    reveal: bool = False,
    progress: Progress | None = None,
    options: ReadingOptions | None = None,
    place: Place | None = None,
) -> doc.AuditDocument:
    """Audit captures against a subject.

    Args:
        paths: Captures, folders of them, or `-` for standard input.
        subject: The known values; without it, destinations and coverage alone are reported.
        geo_databases: MaxMind-format files of the user's own, beside the packed data.
        reveal: Show values instead of their ids.
        progress: Called with a sentence now and then, for work that takes long.
        options: Key logs and the handset's address, for captures of packets; and how many processes share the work.
        place: The session and the case that they belong to; None for bare recordings.

    Raises:
        InputError: None of the paths can be read.
        ConfigError: A database of the user's cannot be read.
    """
    attributor = Attributor(geo_databases)
    try:
        return _Audit(
            subject or Subject(),
            attributor,
            reveal=reveal,
            progress=progress,
            options=options or ReadingOptions(),
            place=place,
        ).run(paths, named=subject is not None)
    finally:
        attributor.close()


class _Audit:
    """The state of one run."""

    def __init__(
        self,
        subject: Subject,
        attributor: Attributor,
        *,
        reveal: bool,
        progress: Progress | None,
        options: ReadingOptions,
        place: Place | None,
    ) -> None:
        self._options = options
        self._place = place
        self._subject = subject
        self._attributor = attributor
        self._detector = Detector(subject)
        self._search = Pool(self._detector, options.workers) if options.workers > 1 else self._detector
        self._masker = self._detector.make_masker(reveal=reveal)
        self._progress = progress
        self._tally = CoverageTally()
        self._problems: list[Problem] = []
        self._names: list[str] = []
        self._book = FlowBook(
            FindingRenderer(
                self._masker, attributor, self._names, place.view.session.id if place is not None else None
            ),
            {value.id: value for value in subject.values},
            place.view if place is not None else None,
        )
        self._decoys: list[Finding] = []
        self._inputs: list[InputFacts] = []

    def run(self, paths: Sequence[str], *, named: bool) -> doc.AuditDocument:
        for examined in self._search.examine(self._iter_exchanges(paths)):
            self._tally.add(examined)
            self._problems.extend(examined.problems)
            self._decoys.extend(examined.decoys[: MAX_DECOY_HITS - len(self._decoys)])
            for finding in examined.findings:
                self._book.add(finding)
            if self._progress is not None and self._tally.exchanges % PROGRESS_EVERY == 0:
                self._progress(f"{self._tally.exchanges:,} exchanges, {len(self._book):,} findings")
        if self._book.unlisted:
            reason = (
                f"{self._book.unlisted:,} findings are counted in their flows but not listed one by one "
                f"(at most {MAX_LISTED:,} of a flow and {MAX_LISTED_IN_ALL:,} in all are)"
            )
            self._problems.append(Problem(where="the audit", reason=reason, lost=False))
        return self._document(named=named)

    def _iter_exchanges(self, paths: Sequence[str]) -> Iterator[Exchange]:
        """Exchanges of all inputs in order; problems are set aside on the way."""
        options = replace(self._options, workers=1)  # it is searching that takes long
        for reading in read_inputs(self._find_inputs(paths), options):
            self._names.extend(self._masker.path(file.name) for file in reading.files)
            for item in reading:
                if isinstance(item, Problem):
                    self._problems.append(item)
                elif isinstance(item, Account):
                    self._tally.add_account(item)
                elif isinstance(item, Exchange):
                    yield item
            self._inputs.extend(reading.all_facts)

    def _find_inputs(self, paths: Sequence[str]) -> list[InputFile]:
        """Find the inputs; captures are named by IMEI, so what is wrong with all of them is masked too.

        Those of a case are named from its folder on, so that its document is the same wherever it lies.
        """
        try:
            files = iter_inputs(paths)
            if self._place is None:
                return files
            prefix = f"{self._place.root}{os.sep}"
            return [replace(file, name=file.name.removeprefix(prefix)) for file in files]
        except InputError as error:
            reason = self._masker.path(str(error))
            if self._place is None:
                raise InputError(reason) from None
            # One session that cannot be read is no reason to know nothing of the others.
            name = f"sessions/{self._place.view.session.id}"
            prefix = f"{self._place.root}{os.sep}"
            self._problems.append(Problem(where=name, reason=reason.replace(prefix, ""), lost=True))
            return []

    def _document(self, *, named: bool) -> doc.AuditDocument:
        gathering = self._book.close(self._search.tally.bytes_searched)
        return doc.AuditDocument(
            tool=doc.Tool(name="phonehome", version=__version__, data=self._data_sources()),
            subject=self._subject_summary() if named else None,
            inputs=[
                _input_file(facts, self._masker.path(facts.path), self._masker) for facts in self._inputs
            ],
            coverage=self._tally.describe(self._masker.host),
            flows=gathering.flows,
            findings=gathering.findings,
            problems=self._problem_docs(),
            statistics=self._statistics(gathering),
        )

    def _data_sources(self) -> list[doc.DataSource]:
        sources = [
            doc.DataSource(
                name=source.name,
                date=source.date.isoformat() if source.date is not None else None,
                source=source.source + (f". Caution: {source.caution}" if source.caution else ""),
            )
            for source in self._attributor.data
        ]
        plan = f"numbering plans of the phonenumbers library {phonenumbers.__version__}"
        return [*sources, doc.DataSource(name="phonenumbers", date=None, source=plan)]

    def _subject_summary(self) -> doc.SubjectSummary:
        types = {value.id: value.type.value for value in self._subject.values}
        return doc.SubjectSummary(
            name=self._subject.name,
            values=[
                doc.SubjectValue(id=value_id, type=types[value_id], searched_for=searched, why=why)
                for value_id, searched, why in self._detector.lexicon.explained
            ],
        )

    def _problem_docs(self) -> list[doc.ProblemDoc]:
        names = {number: facts.path for number, facts in enumerate(self._inputs)}
        problems = []
        for problem in self._problems[:MAX_PROBLEMS]:
            where = problem.where
            name = names.get(problem.input) if problem.input is not None else None
            if name is not None and not where.startswith(name):
                where = f"{name} {where}"
            reason = self._masker.text(problem.reason.encode("utf-8", "backslashreplace"))
            problems.append(doc.ProblemDoc(where=self._masker.path(where), reason=reason, lost=problem.lost))
        rest = len(self._problems) - MAX_PROBLEMS
        if rest > 0:
            problems.append(doc.ProblemDoc(where="the audit", reason=f"{rest:,} problems more", lost=True))
        return problems

    def _statistics(self, gathering: Gathering) -> doc.Statistics:
        lexicon = self._detector.lexicon
        return doc.Statistics(
            bytes_recorded=self._tally.recorded,
            bytes_searched=self._search.tally.bytes_searched,
            layers_opened=self._search.tally.layers_opened,
            forms=len(lexicon.patterns),
            digests=len(lexicon.digests),
            findings=gathering.strong,
            weak_findings=gathering.weak,
            not_seen=[
                value_id
                for value_id, searched, _ in lexicon.explained
                if searched and value_id not in gathering.seen
            ],
            decoys=doc.DecoyStatistics(
                values=len(lexicon.decoys),
                hits=[
                    f"{hit.value_id} as {hit.form} in {hit.part.value} of exchange {hit.exchange.index}"
                    for hit in self._decoys
                ],
            ),
            digests_not_available=list(lexicon.digests.missing),
            chance_threshold_bits=THRESHOLD_BITS,
        )


def _input_file(facts: InputFacts, path: str, masker: Masker) -> doc.InputFile:
    return doc.InputFile(
        path=path,
        format=facts.format,
        sha256=facts.sha256,
        size=facts.size,
        first=write_time(facts.first),
        last=write_time(facts.last),
        handset=_handset(facts.handset, masker),
    )


def _handset(handset: SeenHandset | None, masker: Masker) -> doc.HandsetDoc | None:
    if handset is None:
        return None
    addresses = (masker.host(address) for address in handset.addresses)
    return doc.HandsetDoc(
        addresses=[address for address in addresses if address is not None],
        mac=masker.text(handset.mac.encode()) if handset.mac is not None else None,
        why=handset.why,
    )
