"""Record what was observed: append it, derive the liens from it, and say what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated, LienStatusChanged
from taxlien.kit.database import Session
from taxlien.kit.events import Event
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit_many
from taxlien.services.liens import repository
from taxlien.services.liens.logic import deriving, parcels
from taxlien.services.liens.logic.deriving import Change, County, Known, SaleDay, Source, Statement
from taxlien.services.liens.logic.parcels import NOTHING_KNOWN, Assessed
from taxlien.services.liens.logic.records import LienRecord, Reject

from . import merging
from .enriching import observations_of_new
from .merging import Together

BATCH_RECORDS = 1_250


class Provenance(NamedTuple):
    """Where a batch of records comes from. ``parser_version`` names what turned pages into records.

    ``recorded_at`` is when liens are said to have changed: when it was fetched, by default.
    """

    source: Source
    fetched_at: datetime
    parser_version: str
    import_id: UUID | None = None
    url: str | None = None
    recorded_at: datetime | None = None


class RecordCounts(msgspec.Struct, kw_only=True):
    """What became of records: each is in exactly one of these.

    ``changed`` counts new observations of known liens, also those that left the current lien as it
    was. ``duplicates`` repeat a record of the same batch or file word for word; ``refused`` ones
    contradict it, or hold what no column can.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicates: int = 0
    refused: int = 0


async def register_source(
    session: Session,
    *,
    name: str,
    title: str,
    legal_status: str,
    county_fips: str | None = None,
    platform: str | None = None,
    url: str | None = None,
    synthetic: bool = False,
) -> Source:
    """Add a source or bring its description up to date, and return it for a ``Provenance``."""
    return await repository.upsert_source(
        session,
        name=name,
        title=title,
        county_fips=county_fips,
        legal_status=legal_status,
        platform=platform,
        url=url,
        synthetic=synthetic,
    )


async def record_observations(
    session: Session, records: Sequence[LienRecord], provenance: Provenance
) -> tuple[RecordCounts, list[Reject]]:
    """Record one batch, in the session's transaction; return what became of it.

    Nothing observed is overwritten: what a source says again is dropped, what it says anew is
    appended, and the liens it changes are derived and announced. Counties are locked until the
    transaction ends; call it once per transaction, or two callers may wait for each other.
    """
    recorder = Recorder(session, provenance)
    await repository.lock_counties(session, {record.county_fips for record in records})
    for start in range(0, len(records), BATCH_RECORDS):
        batch = records[start : start + BATCH_RECORDS]
        await recorder.record([deriving.state(record) for record in batch])
    return recorder.counts, recorder.refused


class Recorder:
    """Records batch after batch of one source in one transaction; the caller holds the locks.

    ``refused`` collects what could not be taken; the caller empties it as it likes. ``reached`` counts
    by county the liens that the source spoke of for the first time, and knows every county named.
    """

    def __init__(self, session: Session, provenance: Provenance) -> None:
        self.counts = RecordCounts()
        self.refused: list[Reject] = []
        self.reached: Counter[str] = Counter()
        self._session = session
        self._provenance = provenance
        self._at = provenance.recorded_at or provenance.fetched_at
        self._counties: dict[str, County] = {}
        self._asked: set[str] = set()
        self._assessed: set[str] = set()
        self._merged: set[str] = set()
        self._sales: dict[str, dict[tuple[str, int], date]] = {}
        self._lines: dict[UUID, int] = {}

    async def record(self, statements: Sequence[Statement]) -> None:
        """Record a batch. Raises nothing for a record that cannot be taken: see ``refused``."""
        statements = [s for s in statements if self._acceptable(s)]
        await self._visit({s.record.county_fips for s in statements} - self._asked)
        statements = [s for s in statements if self._in_known_county(s)]
        known = await self._known(set(map(_key, statements)))
        created, found = self._sort(statements, known)
        repeated, later = await self._unheard(found)
        self.counts.new += len(created)
        self.counts.changed += len(repeated)
        assessed = await self._assessed_parcels(statements)
        enriched = (
            [
                (parcels.enrich(lien, assessed.get(_parcel(statement), NOTHING_KNOWN)), statement)
                for lien, statement in created
            ]
            if assessed
            else created
        )
        together = None
        if self._merged:
            together = await merging.load(self._session, set(map(_parcel, statements)))
        changes = await self._derive(repeated, assessed, later, together)
        await self._write(enriched, repeated, changes, together)
        if assessed and created:
            rows = await observations_of_new(self._session, [x for x, _ in enriched], assessed)
            await repository.insert_observations(self._session, rows)

    async def _visit(self, fips: set[str]) -> None:
        """Learn what is needed of counties that come up for the first time."""
        if not fips:
            return
        self._asked |= fips
        self._counties |= await repository.county_rows(self._session, fips)
        for code in fips & self._counties.keys():
            days = await repository.sale_days(self._session, code)
            self._sales[code] = deriving.days_of_sales(days)
            self.reached[code] += 0
        self._assessed |= await repository.assessed_counties(self._session, fips)
        self._merged |= await repository.merged_counties(self._session, fips)

    async def _known(self, keys: set[repository.Key]) -> dict[repository.Key, list[Known]]:
        return await repository.candidates(self._session, keys, self._provenance.source.id)

    async def _unheard(
        self, found: list[tuple[UUID, Statement]]
    ) -> tuple[list[tuple[UUID, Statement]], Mapping[UUID, frozenset[str]]]:
        """Return what of ``found`` is to be recorded, and fields that later pages settled by lien.

        Of one file after another, all is: the hash of what was said last has decided already.
        """
        return found, {}

    async def _assessed_parcels(
        self, statements: Sequence[Statement]
    ) -> dict[repository.ParcelKey, Assessed]:
        """Return what assessors gave of the parcels spoken of: nothing, in most counties at no cost."""
        if not self._assessed:
            return {}
        keys = {_parcel(s) for s in statements if s.record.county_fips in self._assessed}
        return await repository.assessed(self._session, keys) if keys else {}

    def _acceptable(self, statement: Statement) -> bool:
        found = deriving.fault(statement)
        if found:
            self._refuse(statement.record.line, found[1], column=found[0])
        return found is None

    def _in_known_county(self, statement: Statement) -> bool:
        fips = statement.record.county_fips
        if fips not in self._counties:
            self._refuse(statement.record.line, f"no county has the FIPS code {fips}")
        return fips in self._counties

    def _refuse(self, line: int, reason: str, column: str | None = None) -> None:
        self.counts.refused += 1
        self.refused.append(Reject(line=line, column=column, reason=reason))

    def _sort(
        self, statements: Sequence[Statement], known: dict[repository.Key, list[Known]]
    ) -> tuple[list[tuple[Lien, Statement]], list[tuple[UUID, Statement]]]:
        """Part what speaks of new liens from what says something new of known ones."""
        created: list[tuple[Lien, Statement]] = []
        repeated: list[tuple[UUID, Statement]] = []
        for statement in statements:
            record = statement.record
            liens = known.setdefault(_key(statement), [])
            found = deriving.match(record, liens)
            if found is None:
                lien = self._new_lien(statement)
                created.append((lien, statement))
                lien_id = lien.lien_id
                self.reached[record.county_fips] += 1
            else:
                lien_id = found.lien_id
                if found.sha256 is None:
                    self._speaks_first(record)
                liens.remove(found)
                if not self._says_more(found, statement):
                    liens.append(found)
                    continue
                repeated.append((lien_id, statement))
            self._lines[lien_id] = record.line
            liens.append(_known_by(statement, lien_id, found))
        return created, repeated

    def _speaks_first(self, record: LienRecord) -> None:
        """Count a lien that this source did not speak of before."""
        self.reached[record.county_fips] += 1

    def _says_more(self, known: Known, statement: Statement) -> bool:
        """Tell whether a statement about a known lien is to be recorded; count it where it is not."""
        line = self._lines.get(known.lien_id)
        if known.sha256 == statement.sha256:
            if line is None:
                self.counts.unchanged += 1
                self._lines[known.lien_id] = statement.record.line
            else:
                self.counts.duplicates += 1
            return False
        if line is not None:
            reason = f"line {line} already speaks of this lien, and says otherwise"
            self._refuse(statement.record.line, reason)
            return False
        return True

    def _new_lien(self, statement: Statement) -> Lien:
        return deriving.new_lien(
            statement,
            lien_id=new_id(),
            county=self._counties[statement.record.county_fips],
            source=self._provenance.source,
            at=self._at,
            sale=self._sale_day(statement),
            seen_at=statement.page.fetched_at if statement.page else None,
        )

    def _sale_day(self, statement: Statement) -> SaleDay:
        return deriving.sale_day(statement.record, self._sales[statement.record.county_fips])

    async def _derive(
        self,
        repeated: Sequence[tuple[UUID, Statement]],
        assessed: Mapping[repository.ParcelKey, Assessed],
        later: Mapping[UUID, frozenset[str]],
        together: Together | None,
    ) -> dict[UUID, Change]:
        liens = await repository.get_liens(self._session, [lien_id for lien_id, _ in repeated])
        if together:
            await together.know(liens)
        changes = {}
        for lien_id, statement in repeated:
            settled: Collection[str] = later.get(lien_id, ())
            if assessed:
                known = assessed.get(_parcel(statement), NOTHING_KNOWN)
                settled = known.settled().union(settled)
            before = liens[lien_id]
            change = deriving.derive(
                together.apart(before) if together else before,
                statement,
                source=self._provenance.source,
                at=self._at,
                sale=self._sale_day(statement),
                settled=settled,
            )
            if change and together:
                change = together.rejoin(before, change)
            if change:
                changes[lien_id] = change
        return changes

    async def _write(
        self,
        created: Sequence[tuple[Lien, Statement]],
        repeated: Sequence[tuple[UUID, Statement]],
        changes: dict[UUID, Change],
        together: Together | None,
    ) -> None:
        new = [together.join(lien) if together else lien for lien, _ in created]
        updated = [change.lien for change in changes.values()]
        own = together.own([*new, *updated]) if together else [*new, *updated]
        if new:
            await repository.insert_liens(self._session, new)
        if updated:
            await repository.update_liens(self._session, updated)
        if own:
            await repository.upsert_parcels(self._session, own)
        said = [(lien.lien_id, statement) for lien, statement in created]
        if said or repeated:
            await repository.insert_observations(
                self._session, self._observations([*said, *repeated])
            )
        if together:
            await together.write()
        await self._write_history(created, repeated, changes)
        events: list[Event] = [LienCreated(lien=lien) for lien in new]
        events += map(announcement, changes.values())
        if events:
            await emit_many(self._session, events)

    def _observations(self, spoken: Iterable[tuple[UUID, Statement]]) -> Iterator[Sequence[object]]:
        provenance = self._provenance
        # Written once as text here, or else once per row by COPY.
        source_id = str(provenance.source.id)
        import_id = None if provenance.import_id is None else str(provenance.import_id)
        fetched_at = provenance.fetched_at.isoformat()
        for lien_id, statement in spoken:
            page = statement.page
            yield (
                lien_id,
                source_id,
                import_id,
                statement.record.line or None,
                provenance.url if page is None else page.url,
                fetched_at if page is None else page.fetched_at.isoformat(),
                provenance.parser_version if page is None else page.parser_version,
                statement.sha256,
                statement.said,
                None if page is None else page.sha256,
            )

    async def _write_history(
        self,
        created: Sequence[tuple[Lien, Statement]],
        repeated: Sequence[tuple[UUID, Statement]],
        changes: dict[UUID, Change],
    ) -> None:
        source_id = str(self._provenance.source.id)
        usual = self._provenance.fetched_at.isoformat()

        def at(statement: Statement) -> str:
            return statement.page.fetched_at.isoformat() if statement.page else usual

        rows = [
            (lien.lien_id, status, day, at(statement), source_id)
            for lien, statement in created
            for status, day in deriving.history(statement.record, None, lien.status)
        ]
        dated = [lien_id for lien_id, statement in repeated if statement.record.status_history]
        known = await repository.history_days(self._session, dated)
        for lien_id, statement in repeated:
            change = changes.get(lien_id)
            now = change.lien.status if change else statement.record.status
            before = change.previous_status if change else now
            entries = deriving.history(statement.record, before, now, known.get(lien_id, ()))
            rows += [(lien_id, status, day, at(statement), source_id) for status, day in entries]
        if rows:
            await repository.insert_history(self._session, rows)


def announcement(change: Change) -> Event:
    """Return the event that tells a change: of status, or of other facts only."""
    if change.lien.status != change.previous_status:
        return LienStatusChanged(
            lien=change.lien, previous_status=change.previous_status, changed=change.changed
        )
    return LienChanged(lien=change.lien, changed=change.changed)


def _known_by(statement: Statement, lien_id: UUID, before: Known | None) -> Known:
    """Return how a lien is recognised after ``statement``: numbers it leaves out stay."""
    record = statement.record
    certificate, advertising = record.certificate_number, record.advertising_number
    if before is not None:
        certificate = certificate or before.certificate_number
        advertising = advertising or before.advertising_number
    return Known(lien_id, certificate, advertising, statement.sha256)


def _key(statement: Statement) -> repository.Key:
    record = statement.record
    return record.county_fips, record.parcel_key, record.tax_year


def _parcel(statement: Statement) -> repository.ParcelKey:
    return statement.record.county_fips, statement.record.parcel_key
