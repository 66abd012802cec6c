"""One page: fetched or taken from the raw store, read, and what is to become of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from taxlien.interfaces.scraper import PageCard, StopKind
from taxlien.services.scraper.adapters.fetching.charsets import text_of
from taxlien.services.scraper.adapters.fetching.fetcher import Fetcher
from taxlien.services.scraper.adapters.fetching.hosts import address_of
from taxlien.services.scraper.adapters.fetching.outcomes import (
    Fetched,
    Refused,
    Stopped,
    Unreachable,
)
from taxlien.services.scraper.adapters.platforms.platform import Platform, read_by
from taxlien.services.scraper.adapters.raw_store.raw_store import (
    PageFacts,
    RawPageDamaged,
    RawPageMissing,
    RawStore,
)
from taxlien.services.scraper.logic.facts import Fact, facts_of
from taxlien.services.scraper.logic.lists import ListPart
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Verdict
from taxlien.services.scraper.logic.settling import renewed, settled_sha256
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.repository.frontier import Claimed
from taxlien.services.scraper.repository.pages import KnownPage

PASSING = frozenset({"no_session", "unavailable", "truncated", "short", "unreachable"})
"""Kinds of errors that may be gone in a while: such a page is tried again."""

_GONE = frozenset({404, 410})


class Memory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an unchanged page need not be parsed for again: its follow-ups, counts and lists."""

    follow: tuple[PageRequest, ...] = ()
    promised: int | None = None
    read: int = 0
    not_found: bool = False
    lists: tuple[ListPart, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    raw_id: str | None = None
    settled_sha256: str | None = None
    verdict: Verdict = "ok"

    @property
    def spoke(self) -> bool:
        """Whether the page had records or was a piece of a list.

        One without is read each time: whether its silence is honest depends on what was asked.
        """
        return self.read > 0 or bool(self.lists)


class Visit(msgspec.Struct, kw_only=True):
    """What became of one page. ``error_kind`` is set where it could not be had or read.

    ``error`` says in words why, and why a page that could be read says nothing.

    ``passes`` says that it may be had later; ``stop`` that the whole source must be left alone.
    ``raw`` is what came, to be kept whatever it was; ``earlier`` what came before the session was renewed.
    """

    claimed: Claimed
    card: PageCard | None = None
    memory: Memory = Memory()
    facts: tuple[Fact, ...] = ()
    unchanged: bool = False
    error_kind: str | None = None
    error: str | None = None
    stop: tuple[StopKind, str] | None = None
    bytes_read: int = 0
    raw: tuple[PageFacts, bytes] | None = None
    earlier: tuple[tuple[PageFacts, bytes], ...] = ()

    @property
    def passes(self) -> bool:
        return self.error_kind in PASSING


class Visitor:
    """Visits pages of one site. Opens no session of the database: networks are slow."""

    def __init__(self, site: Site, platform: Platform, fetcher: Fetcher, store: RawStore) -> None:
        self._site = site
        self._platform = platform
        self._fetcher = fetcher
        self._store = store

    async def visit(self, claimed: Claimed, known: KnownPage | None) -> Visit:
        """Fetch and read a page. Raises nothing that the page or its host causes."""
        try:
            if claimed.raw_id is not None:
                return await self._visit_kept(claimed, claimed.raw_id)
            visit = await self._visit(claimed, known)
            session = claimed.request.session
            if visit.error_kind == "no_session" and session is not None:
                lost = visit.raw
                await self._fetcher.renew_session(self._site, session)
                visit = await self._visit(claimed, known)
                visit.earlier = (lost,) if lost else ()
            return visit
        except Stopped as stopped:
            visit = Visit(claimed=claimed, stop=(stopped.kind, stopped.reason))
            if stopped.page is not None:
                busy = stopped.kind == "too_many_requests"
                verdict: Verdict = "unavailable" if busy else "challenge"
                visit.raw = (self._raw(claimed, stopped.page, verdict), stopped.page.content)
            return visit
        except Refused as refused:
            return Visit(claimed=claimed, error_kind="refused", error=refused.reason)
        except Unreachable as away:
            kind = "unreachable" if away.retry else "refused"
            return Visit(claimed=claimed, error_kind=kind, error=away.reason)

    async def _visit(self, claimed: Claimed, known: KnownPage | None) -> Visit:
        # Only today's parser may rely on what an earlier reading remembers.
        usable = known is not None and known.parser_version == self._platform.parser_version
        memory = msgspec.convert(known.memory, Memory) if known and usable else Memory()
        anew = claimed.request.kind in self._platform.settling.leads_anew
        asks = known if memory.spoke and not anew else None
        fetched = await self._fetcher.fetch(
            self._site,
            claimed.request,
            etag=asks.etag if asks else None,
            last_modified=asks.last_modified if asks else None,
        )
        if known and fetched.not_modified:
            return self._unchanged(claimed, fetched, known.content_sha256, memory)
        sha256 = hashlib.sha256(fetched.content).hexdigest()
        same = (
            known is not None
            and memory.spoke
            and known.settled_sha256 == self._settled(claimed, fetched)
        )
        if same and not anew:
            return self._unchanged(claimed, fetched, sha256, memory)
        visit = self._read(claimed, fetched, sha256)
        if same and visit.error_kind is None and visit.stop is None:
            visit.unchanged, visit.facts = True, ()
        return visit

    def _settled(self, claimed: Claimed, fetched: Fetched) -> str:
        settling = self._platform.settling
        return settled_sha256(fetched.content, claimed.request.context, settling)

    def _unchanged(self, claimed: Claimed, fetched: Fetched, sha256: str, memory: Memory) -> Visit:
        """A page that says what it said. Its bytes are kept where they are others than they were."""
        visit = Visit(
            claimed=claimed,
            card=self._card(claimed, fetched.url, fetched.fetched_at, sha256),
            memory=_remembered(memory, fetched),
            unchanged=True,
            bytes_read=fetched.bytes_read,
        )
        if not fetched.not_modified:
            visit.raw = (self._raw(claimed, fetched, memory.verdict), fetched.content)
        return visit

    async def _visit_kept(self, claimed: Claimed, raw_id: UUID) -> Visit:
        """Read a kept page again; where nobody can read it, the last one that somebody could."""
        visit = await self._visit_raw(claimed, raw_id)
        if visit.error_kind == "layout":
            source = self._site.source
            older = await self._store.latest(source, claimed.key, readable=True)
            if older is not None and older.id != raw_id:
                return await self._visit_raw(claimed, older.id)
        return visit

    async def _visit_raw(self, claimed: Claimed, raw_id: UUID) -> Visit:
        try:
            raw = await self._store.get(raw_id)
            content = await self._store.content(raw)
        except (RawPageMissing, RawPageDamaged) as error:
            return Visit(claimed=claimed, error_kind="raw", error=type(error).__name__)
        facts = raw.facts
        fetched = Fetched(
            url=facts.url,
            status=facts.status,
            headers=facts.headers,
            content=content,
            fetched_at=facts.fetched_at,
            etag=facts.headers.get("etag"),
            last_modified=facts.headers.get("last-modified"),
        )
        visit = self._read(claimed, fetched, raw.sha256)
        visit.raw = None
        visit.memory = msgspec.structs.replace(visit.memory, raw_id=str(raw.id))
        return visit

    def _read(self, claimed: Claimed, fetched: Fetched, sha256: str) -> Visit:
        card = self._card(claimed, fetched.url, fetched.fetched_at, sha256)
        visit = Visit(claimed=claimed, card=card, bytes_read=fetched.bytes_read)
        if fetched.status in _GONE:
            visit.error = f"status {fetched.status}"
            visit.memory = Memory(not_found=True, verdict="not_found")
            visit.raw = (self._raw(claimed, fetched, "not_found"), fetched.content)
            return visit
        page = Page(
            request=claimed.request,
            url=fetched.url,
            text=text_of(fetched),
            fetched_at=fetched.fetched_at,
        )
        reading = read_by(self._platform, page, self._site)
        visit.raw = (self._raw(claimed, fetched, reading.verdict), fetched.content)
        if reading.verdict == "unavailable" and self._site.expected.seasonal:
            reading = msgspec.structs.replace(reading, verdict="empty")  # closed until the season
        if reading.verdict == "challenge":
            visit.stop = ("challenge", reading.reason or "the page asks whether we are human")
            return visit
        if reading.address is not None:
            # Where a form led to it, the page's own address is that of the page before.
            address = address_of(self._site, reading.address)
            visit.card = msgspec.structs.replace(card, url=address)
        visit.facts = facts_of(reading)
        visit.memory = _memory(reading, visit.facts, fetched, self._settled(claimed, fetched))
        if reading.verdict in {"no_session", "unavailable", "truncated"}:
            visit.error_kind, visit.error = reading.verdict, reading.reason
            return visit
        if reading.verdict in {"empty", "not_found"}:
            visit.error = f"{reading.verdict.replace('_', ' ')}: {reading.reason or 'it says so'}"
        elif reading.verdict == "unrecognised":
            visit.error_kind, visit.error = "layout", reading.reason
        elif reading.promised is not None and visit.memory.read < reading.promised:
            visit.error_kind = "short"
            visit.error = f"{visit.memory.read} records read, {reading.promised} announced"
        return visit

    def _card(self, claimed: Claimed, url: str, at: datetime, sha256: str) -> PageCard:
        return PageCard(
            key=claimed.key,
            url=url,
            fetched_at=at.astimezone(UTC),
            parser_version=self._platform.parser_version,
            content_sha256=sha256,
        )

    def _raw(self, claimed: Claimed, fetched: Fetched, verdict: Verdict) -> PageFacts:
        return PageFacts(
            source=self._site.source,
            key=claimed.key,
            url=fetched.url,
            status=fetched.status,
            headers=fetched.headers,
            fetched_at=fetched.fetched_at,
            parser_version=self._platform.parser_version,
            request=claimed.request,
            verdict=verdict,
        )


def _memory(reading: Reading, facts: tuple[Fact, ...], fetched: Fetched, settled: str) -> Memory:
    return Memory(
        follow=reading.follow,
        promised=reading.promised,
        not_found=reading.verdict == "not_found",
        # As the page counts them: what it says twice it counts twice.
        read=sum(1 + fact.repeats for fact in facts if fact.kind != "sale_day")
        or sum(1 + fact.repeats for fact in facts),
        lists=reading.lists,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        settled_sha256=settled,
        verdict=reading.verdict,
    )


def _remembered(known: Memory, fetched: Fetched) -> Memory:
    """Return what is known of an unchanged page, with the host's newest words for asking again."""
    text = "" if fetched.not_modified or not _sends_forms(known) else text_of(fetched)
    return msgspec.structs.replace(
        known,
        follow=renewed(known.follow, text),
        etag=fetched.etag or known.etag,
        last_modified=fetched.last_modified or known.last_modified,
    )


def _sends_forms(memory: Memory) -> bool:
    return any(request.form for request in memory.follow)
