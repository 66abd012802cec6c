"""Record what collected pages say: properties, liens and sale days, a batch of events at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter as Metric

from taxlien.interfaces.scraper import (
    LienObserved,
    ScrapeObserved,
    SourceCard,
    parcel_numbers,
)
from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit_many
from taxlien.services.liens import repository
from taxlien.services.liens.logic import deriving, parcels
from taxlien.services.liens.logic.deriving import Known, Source, Statement
from taxlien.services.liens.logic.pages import (
    Page,
    ParcelStatement,
    lien_record,
    parcel_statement,
    sale_record,
)
from taxlien.services.liens.logic.parcels import NOTHING_KNOWN, Assessed
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.liens.repository import CoverageGain, ParcelKey

from . import merging
from .enriching import enrich_liens
from .numbers import file_items
from .recording import Provenance, RecordCounts, Recorder, announcement, register_source
from .sales import record_sales

_log = structlog.get_logger("taxlien.liens")
_skipped = Metric("taxlien_items_not_recorded", "Collected items that are no liens", ["reason"])


class CollectedCounts(msgspec.Struct, kw_only=True):
    """What became of a batch of pages. Parcels said again are in no count but ``parcels``.

    ``enriched`` liens changed by facts of their parcel. ``not_recorded`` counts items by reason:
    foreclosure, outcome_unknown, no_parcel, unreadable; and no_county for whole pages.
    """

    parcels: int = 0
    parcels_new: int = 0
    enriched: int = 0
    sales: int = 0
    liens: RecordCounts = msgspec.field(default_factory=RecordCounts)
    not_recorded: Counter[str] = msgspec.field(default_factory=Counter)


class _Heard(msgspec.Struct):
    """What the pages of one source say, made ready, by the time they were fetched.

    ``by_number`` are items that name their parcels by another number: which, is asked later.
    """

    source: Source
    card: SourceCard
    parcels: list[ParcelStatement]
    liens: list[Statement]
    by_number: list[tuple[LienObserved, Page]]
    events: list[ScrapeObserved]
    skipped: Counter[str]


async def record_collected(session: Session, events: Sequence[ScrapeObserved]) -> CollectedCounts:
    """Record pages, in the session's transaction, and announce the liens they change.

    In whatever order pages come, and however often, the one fetched last wins. Properties go first,
    so that liens of the same batch take their facts. Counties are locked to the transaction's end.
    """
    known = await repository.county_rows(session, {event.source.county_fips for event in events})
    counts = CollectedCounts()
    by_source: dict[str, list[ScrapeObserved]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.page.fetched_at, event.part)):
        if event.source.county_fips in known:
            by_source[event.source.name].append(event)
        else:
            counts.not_recorded["no_county"] += len(event.parcels) + len(event.liens)
    at = datetime.now(UTC)
    heard = [await _listen(session, by_source[name]) for name in sorted(by_source)]
    await repository.lock_counties(session, _counties_of(heard))
    gains = {
        (said.card.county_fips, said.source.id): CoverageGain(
            fetched_at=said.events[-1].page.fetched_at, not_recorded=said.skipped.total()
        )
        for said in heard
    }
    for said in heard:
        counts.not_recorded += said.skipped
        counts.sales += await _record_sales(session, said, at)
    await _record_parcels(session, [p for said in heard for p in said.parcels], counts, gains, at)
    for said in heard:
        await _find_parcels(session, said, counts, gains)
        await _record_liens(session, said, counts, gains, at)
    await repository.add_coverage(session, gains)
    for reason, count in counts.not_recorded.items():
        _skipped.labels(reason).inc(count)
    _log.info("pages_recorded", pages=len(events), **_numbers(counts))
    return counts


def _numbers(counts: CollectedCounts) -> dict[str, object]:
    return {
        "parcels": counts.parcels,
        "enriched": counts.enriched,
        "sales": counts.sales,
        **msgspec.structs.asdict(counts.liens),
        "not_recorded": counts.not_recorded.total(),
    }


async def _listen(session: Session, events: list[ScrapeObserved]) -> _Heard:
    """Make ready what one source says; its card of the latest page is kept."""
    source = await register_card(session, events[-1].source)
    said = _Heard(source, events[-1].source, [], [], [], events, Counter())
    for event in events:
        page = page_of(event)
        for parcel in event.parcels:
            ready = parcel_statement(parcel, event.source.county_fips, source.id, page)
            if ready is None:
                said.skipped["unreadable"] += 1
            else:
                said.parcels.append(ready)
        for item in event.liens:
            if item.parcel_id is None and parcel_numbers(item):
                said.by_number.append((item, page))
                continue
            record = lien_record(item, event.source.county_fips)
            if isinstance(record, LienRecord):
                said.liens.append(deriving.state(record, page))
            else:
                said.skipped[record] += 1
    return said


async def register_card(session: Session, card: SourceCard) -> Source:
    """Add a source, or bring it up to what its card says."""
    return await register_source(
        session,
        name=card.name,
        title=card.title,
        legal_status=card.legal_status,
        county_fips=card.county_fips,
        platform=card.platform,
        url=card.url,
        synthetic=card.synthetic,
    )


def page_of(event: ScrapeObserved) -> Page:
    """Return where an event was read."""
    page = event.page
    sha256 = bytes.fromhex(page.content_sha256)
    return Page(page.url, page.fetched_at, page.parser_version, sha256)


def _counties_of(heard: Iterable[_Heard]) -> set[str]:
    named = {
        day.county_fips or said.card.county_fips
        for said in heard
        for event in said.events
        for day in event.sales
    }
    return named | {said.card.county_fips for said in heard}


async def _record_sales(session: Session, said: _Heard, at: datetime) -> int:
    """Record the sale days of one source; those of counties that do not exist are left out."""
    wanted = {
        (event.page.fetched_at, record)
        for event in said.events
        for day in event.sales
        if (record := sale_record(day, said.card.county_fips)) is not None
    }
    if not wanted:
        return 0
    known = await repository.county_rows(session, {record.county_fips for _, record in wanted})
    total = 0
    for moment in sorted({moment for moment, _ in wanted}):
        records = [r for m, r in wanted if m == moment and r.county_fips in known]
        if records:
            await record_sales(session, records, said.source.id, fetched_at=moment, at=at)
            total += len(records)
    return total


async def _record_parcels(
    session: Session,
    said: Sequence[ParcelStatement],
    counts: CollectedCounts,
    gains: dict[tuple[str, UUID], CoverageGain],
    at: datetime,
) -> None:
    """Append what is new of parcels, derive them, and give their liens what they say."""
    counts.parcels += len(said)
    spoken = await _spoken_parcels(session, said, gains)
    if not spoken:
        return
    fresh = [(observation, statement) for observation, statement, is_new in spoken if is_new]
    counts.parcels_new += len(fresh)
    keys = {(statement.county_fips, statement.parcel_key) for _, statement, _ in spoken}
    before = await repository.assessed(session, keys)
    after = dict(before)
    spelling: dict[ParcelKey, str] = {}
    speakers: dict[ParcelKey, list[ParcelStatement]] = defaultdict(list)
    for observation, statement, _ in spoken:
        key = (statement.county_fips, statement.parcel_key)
        known = after.get(key, NOTHING_KNOWN)
        after[key] = parcels.fold(known, statement, observation)
        spelling[key] = statement.parcel_id
        if parcels.moved(known, after[key]):
            speakers[key].append(statement)
    if fresh:
        await repository.insert_parcel_observations(session, fresh)
        await repository.insert_other_ids(session, (statement for _, statement in fresh))
    turned = {key: known for key, known in after.items() if before.get(key) != known}
    if not turned:
        return
    await repository.upsert_assessed(session, turned, spelling)
    moved: dict[ParcelKey, Assessed] = {key: after[key] for key in speakers}
    together = await merging.load(session, turned)
    changes = await enrich_liens(session, moved, speakers, at=at, together=together)
    if together:
        changes += await together.settle(at)
    if changes:
        await emit_many(session, map(announcement, changes))
        counts.enriched += len(changes)


async def _spoken_parcels(
    session: Session,
    said: Sequence[ParcelStatement],
    gains: dict[tuple[str, UUID], CoverageGain],
) -> list[tuple[UUID, ParcelStatement, bool]]:
    """Return the statements, each with the id of its observation and whether that is a new one.

    What a source says again is no new observation, but it says so later: against another source, that
    counts.
    """
    ordered = sorted(said, key=lambda statement: statement.page.fetched_at)
    heard = await repository.heard_parcels(session, ordered) if ordered else []
    last: dict[tuple[str, str, UUID], tuple[bytes, UUID]] = {}
    spoken = []
    for statement, known in zip(ordered, heard, strict=True):
        speaker = (statement.county_fips, statement.parcel_key, statement.source_id)
        before = last.get(speaker)
        repeated = known.repeats
        if before is not None:
            repeated = before[1] if before[0] == statement.sha256 else None
        if repeated is None:
            if before is None and not known.known_source:
                gains[statement.county_fips, statement.source_id].parcels += 1
            last[speaker] = statement.sha256, new_id()
        spoken.append((repeated or last[speaker][1], statement, repeated is None))
    return spoken


class _PageRecorder(Recorder):
    """Records statements of many pages of one source. What is older than known loses, field by field."""

    async def _known(self, keys: set[repository.Key]) -> dict[repository.Key, list[Known]]:
        return await repository.candidates(self._session, keys, None)

    def _speaks_first(self, record: LienRecord) -> None:
        """Leave it to ``_unheard``, which knows."""

    async def _unheard(
        self, found: list[tuple[UUID, Statement]]
    ) -> tuple[list[tuple[UUID, Statement]], dict[UUID, frozenset[str]]]:
        said = [(lien_id, s.page.fetched_at, s.sha256) for lien_id, s in found if s.page]
        heard = await repository.heard(self._session, said, self._provenance.source.id)
        fresh, again = [], []
        for lien_id, statement in found:
            known = heard[lien_id]
            if not known.known_source:
                self.reached[statement.record.county_fips] += 1
            if known.recorded or known.repeated:
                self.counts.unchanged += 1
                if not known.recorded:
                    again.append((lien_id, _fetched_at(statement), statement.sha256))
            else:
                fresh.append((lien_id, statement))
        await repository.note_repetitions(self._session, again, self._provenance.source.id)
        return fresh, {lien_id: known.later for lien_id, known in heard.items() if known.later}

    def forget_lines(self) -> None:
        """Begin another wave: what follows may speak of the same liens again."""
        self._lines.clear()


async def _find_parcels(
    session: Session,
    said: _Heard,
    counts: CollectedCounts,
    gains: dict[tuple[str, UUID], CoverageGain],
) -> None:
    """Add to the liens of a source those whose parcels go by another number."""
    if not said.by_number:
        return
    found, skipped = await file_items(session, said.card.county_fips, said.by_number)
    said.liens += found
    said.liens.sort(key=_fetched_at)
    counts.not_recorded += skipped
    gains[said.card.county_fips, said.source.id].not_recorded += skipped.total()


def _fetched_at(statement: Statement) -> datetime:
    assert statement.page is not None
    return statement.page.fetched_at


async def _record_liens(
    session: Session,
    said: _Heard,
    counts: CollectedCounts,
    gains: dict[tuple[str, UUID], CoverageGain],
    at: datetime,
) -> None:
    if not said.liens:
        return
    page = page_of(said.events[-1])
    provenance = Provenance(said.source, page.fetched_at, page.parser_version, recorded_at=at)
    recorder = _PageRecorder(session, provenance)
    for wave in _waves(said.liens):
        await recorder.record(wave)
        recorder.forget_lines()
    for name in RecordCounts.__struct_fields__:
        setattr(counts.liens, name, getattr(counts.liens, name) + getattr(recorder.counts, name))
    gain = gains[said.card.county_fips, said.source.id]
    gain.liens += recorder.reached.total()
    gain.not_recorded += recorder.counts.refused
    counts.not_recorded["unreadable"] += recorder.counts.refused


def _waves(statements: Iterable[Statement]) -> list[list[Statement]]:
    """Part statements so that no wave speaks twice of one parcel and tax year, in their order."""
    waves: list[list[Statement]] = []
    seen: Counter[tuple[str, str, int | None]] = Counter()
    for statement in statements:
        record = statement.record
        key = (record.county_fips, record.parcel_key, record.tax_year)
        if seen[key] == len(waves):
            waves.append([])
        waves[seen[key]].append(statement)
        seen[key] += 1
    return waves
