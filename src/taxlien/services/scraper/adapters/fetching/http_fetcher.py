"""Pages over HTTP: who may be asked, whose turn it is, where redirects lead, and when to give up."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Self

import httpx2
import msgspec

from taxlien.kit.backoff import Backoff
from taxlien.services.scraper.logic.pages import PageRequest, Step
from taxlien.services.scraper.logic.sites import Politeness, Site
from taxlien.services.scraper.settings import FetchingSettings

from .charsets import text_of
from .decoding import ACCEPTED
from .exchange import Answer, Limits, PooledTransport, exchange
from .fetcher import RobotsFacts
from .hosts import Hosts, address_of, followed, must_be_collectable
from .network import Resolve, resolve
from .outcomes import Fetched, Refused, Unreachable
from .politeness import LocalTurns, Turns
from .proxies.routes import PROXIED, Routes
from .robots import MAX_BYTES, Robots, RobotsRecord, RobotsStore, record_of, robots_address
from .scripted import ScriptedPages, Wanted
from .sessions import Session, Sessions, form_request, wanted_request
from .statuses import REDIRECTS, is_passing, judge, judge_robots, pause_asked

OpenBrowser = Callable[[Limits, str], ScriptedPages]
"""Opens the browser within the limits, under the name we go by."""

_LIFTED = 500.0  # requests a second from which a simulated host needs no common clock
_OURS = frozenset({"user-agent", "host", "cookie", "authorization", "accept-encoding"})


class HttpFetcher:
    """Fetches pages of the sites given to it. Use as an async context manager, one per process."""

    def __init__(
        self,
        settings: FetchingSettings,
        hosts: Hosts,
        turns: Turns,
        robots_store: RobotsStore | None = None,
        *,
        routes: Routes | None = None,
        open_browser: OpenBrowser | None = None,
        tls: ssl.SSLContext | None = None,
        look_up: Resolve = resolve,
    ) -> None:
        self._settings = settings
        self._hosts = hosts
        self._turns = turns
        self._local_turns = LocalTurns()
        self._robots = Robots(
            self._ask_robots, robots_store, agent=settings.agent, hours=settings.robots_hours
        )
        self._sessions = Sessions(settings.sessions)
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._look_up = look_up
        self._direct: dict[str, PooledTransport] = {}
        self._routes = routes
        self._open_browser = open_browser
        self._browser: ScriptedPages | None = None
        self._limits = Limits(
            max_bytes=settings.max_page_bytes,
            connect_seconds=settings.connect_seconds,
            read_seconds=settings.read_seconds,
            page_seconds=settings.page_seconds,
        )
        self._user_agent = f"{settings.agent}/1.0 (+{settings.contact_url})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for transport in self._direct.values():
            await transport.aclose()
        if self._routes:
            await self._routes.close()
        if self._browser:
            await self._browser.close()

    async def fetch(
        self,
        site: Site,
        request: PageRequest,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        """Return the page, as ``Fetcher.fetch`` promises."""
        must_be_collectable(site)
        session = self._sessions.of(site, request.session)
        await self._open(site, session, request.steps)
        url = address_of(site, request.path)
        if site.politeness.browser and request.method == "GET":
            return await self._with_scripts(site, url, session)
        conditions = {"if-none-match": etag, "if-modified-since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        answer = await self._walk(site, url, request, session, headers)
        return _fetched(answer, etag, last_modified)

    @property
    def browser_is_open(self) -> bool:
        """Whether a browser runs now: it is closed when no page has needed it for a while."""
        return self._browser is not None and self._browser.is_running

    async def renew_session(self, site: Site, session: str) -> None:
        """Forget the session's cookies: the next request of it runs its steps again."""
        self._sessions.forget(site, session)

    async def robots(self, site: Site) -> RobotsFacts:
        """Return what the host's robots.txt says. Raises as ``fetch``."""
        must_be_collectable(site)
        return await self._robots.facts(site)

    async def _open(self, site: Site, session: Session, steps: tuple[Step, ...]) -> None:
        """Take the steps that open the session, once, however many pages wait for it."""
        if session.opened or not steps:
            return
        async with session.opening:
            if session.opened:
                return
            for step in steps:
                await self._take(site, session, step)
            session.opened = True

    async def _take(self, site: Site, session: Session, step: Step) -> None:
        request = PageRequest(key="", kind="step", path=step.path)
        answer = await self._walk(site, address_of(site, step.path), request, session, {})
        if answer.status != 200:
            raise Refused(f"a step to open the session answered {answer.status}")
        if step.form is None:
            return
        sending = form_request(site, answer.url, text_of(_fetched(answer)), step.form)
        if sending:
            await self._walk(site, sending.path, sending, session, {})

    async def _with_scripts(self, site: Site, url: str, session: Session) -> Fetched:
        """Return the page as its scripts leave it; all that they want comes the way of any page."""
        if self._browser is None:
            if self._open_browser is None:
                raise Refused("the site needs a browser, and there is none")
            self._browser = self._open_browser(self._limits, self._user_agent)

        async def ask(wanted: Wanted) -> Answer:
            return await self._walk(site, wanted.url, wanted_request(wanted), session, {})

        answer = await self._browser.page(url, ask)
        judge(answer)
        return msgspec.structs.replace(_fetched(answer), from_browser=True)

    async def _walk(
        self, site: Site, url: str, request: PageRequest, session: Session, headers: dict[str, str]
    ) -> Answer:
        """Follow redirects to the page, looking at every hop as if it were the first."""
        seen: set[tuple[str, str, str]] = set()
        hop = request
        for _ in range(self._settings.max_redirects + 1):
            owner = self._hosts.site_at(url, site)
            must_be_collectable(owner)
            politeness = await self._robots.permit(owner, url)
            answer = await self._ask(owner, politeness, url, hop, session, headers)
            if answer.status not in REDIRECTS:
                return answer
            target = answer.headers.get("location")
            if not target:
                raise Refused(f"a redirect ({answer.status}) to nowhere")
            mark = (hop.method, url, repr(sorted(session.jar.items())))
            if mark in seen:
                raise Refused("a redirect that leads back to itself")
            seen.add(mark)
            url = followed(owner, url, target).partition("#")[0]
            hop = _next_hop(hop, answer.status)
        raise Refused(f"more than {self._settings.max_redirects} redirects")

    async def _ask(
        self,
        site: Site,
        politeness: Politeness,
        url: str,
        request: PageRequest,
        session: Session,
        headers: dict[str, str],
        judging: Callable[[Answer], None] = judge,
    ) -> Answer:
        """Return the host's answer to one address, trying again while the host or the way is at fault."""
        turns = self._turns_of(site)
        backoff = Backoff(self._settings.first_pause, self._settings.longest_pause)
        for attempt in range(1, self._settings.attempts + 1):
            pause = backoff.next()
            try:
                async with turns.turn(site.host, politeness):
                    built = self._built(url, request, headers)
                    answer = await self._send(site, built, session, request.session)
                judging(answer)
                if not is_passing(answer.status):
                    return answer
                trouble = Unreachable(f"status {answer.status}")
                asked = pause_asked(answer)
                if asked is not None:
                    await turns.rest(site.host, min(asked, self._settings.longest_pause))
                    pause = max(pause, asked)
            except Unreachable as error:
                trouble = error
            if not trouble.retry or pause > self._settings.longest_pause:
                raise trouble
            if attempt < self._settings.attempts:
                await asyncio.sleep(pause)
        raise trouble

    async def _send(
        self, site: Site, request: httpx2.Request, session: Session, name: str | None
    ) -> Answer:
        if self._routes and site.politeness.proxies and site.legal_status in PROXIED:
            return await self._routes.send(site.host, request, self._limits, session.jar, name)
        return await exchange(self._transport(site), request, self._limits, session.jar)

    def _built(self, url: str, page: PageRequest, extra: dict[str, str]) -> httpx2.Request:
        headers = {
            "user-agent": self._user_agent,
            "accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
            "accept-language": "en-US,en;q=0.9",
            "accept-encoding": ACCEPTED,
            **{n.lower(): v for n, v in page.headers.items() if n.lower() not in _OURS},
            **extra,
        }
        if page.json is not None:
            body = msgspec.json.encode(page.json)
            headers.setdefault("content-type", "application/json")
            return httpx2.Request(page.method, url, headers=headers, content=body)
        if page.form is not None and page.method == "POST":
            return httpx2.Request(page.method, url, headers=headers, data=page.form)
        return httpx2.Request(page.method, url, headers=headers)

    def _transport(self, site: Site) -> PooledTransport:
        """Return the connections to the site's host; played hosts of one simulator share them."""
        origin = f"{site.synthetic} {site.base_url.split('/')[2]}"
        if origin not in self._direct:
            self._direct[origin] = PooledTransport.guarded(
                loopback=site.synthetic, tls=self._tls, look_up=self._look_up
            )
        return self._direct[origin]

    def _turns_of(self, site: Site) -> Turns:
        lifted = site.synthetic and site.politeness.requests_per_second >= _LIFTED
        return self._local_turns if lifted else self._turns

    async def _ask_robots(self, site: Site) -> RobotsRecord:
        """Ask the host for its rules. Redirects are followed on hosts of the registry only."""
        url = robots_address(site)
        page = PageRequest(key="", kind="robots", path="")
        for _ in range(self._settings.max_redirects + 1):
            owner = self._hosts.site_at(url, site)
            answer = await self._ask(
                owner, owner.politeness, url, page, Session(), {}, judge_robots
            )
            if answer.status not in REDIRECTS:
                return record_of(site, answer.status, answer.content[:MAX_BYTES])
            url = followed(owner, url, answer.headers.get("location") or url)
        raise Refused(f"more than {self._settings.max_redirects} redirects to robots.txt")


def _fetched(answer: Answer, etag: str | None = None, last_modified: str | None = None) -> Fetched:
    """Return the answer as others see it. What did not change keeps the marks it was known by."""
    unchanged = answer.status == 304
    return Fetched(
        url=answer.url,
        status=answer.status,
        headers=answer.headers,
        content=b"" if unchanged else answer.content,
        fetched_at=answer.at,
        etag=answer.headers.get("etag") or (etag if unchanged else None),
        last_modified=answer.headers.get("last-modified") or (last_modified if unchanged else None),
        not_modified=unchanged,
        bytes_read=answer.bytes_read,
    )


def _next_hop(request: PageRequest, status: int) -> PageRequest:
    """Return what to send to where a redirect leads: the same again, or a GET as browsers do."""
    if status in {307, 308} or request.method == "GET":
        return request
    return msgspec.structs.replace(request, method="GET", form=None, json=None)
