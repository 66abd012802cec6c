"""A visitor of played hosts without a network: cookies, steps, forms, redirects, as a collector has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from taxlien.run.simulator.casting import cast
from taxlien.run.simulator.plays.play import site_file
from taxlien.run.simulator.serving.messages import Answer, Request
from taxlien.run.simulator.serving.simulator import Simulator
from taxlien.run.simulator.world.world import World
from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import FormStep, Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.sites import Site, site_of

ORIGIN = "http://127.0.0.1:1"
MOST_REDIRECTS = 5
MOST_PAGES = 20_000


def played(
    *, counties: int = 12, parcels: int = 600, seed: int = 7, today: date = date(2026, 11, 28)
) -> Simulator:
    """A simulator that is asked by call."""
    world = World.made(seed, counties, parcels, today)
    simulator = Simulator(world, cast(world))
    simulator.origin = ORIGIN
    return simulator


def site_at(simulator: Simulator, host: str) -> Site:
    """The site file of a played host, as a collector takes it."""
    return site_of(site_file(simulator.plays[host], simulator.world, ORIGIN))


class Visitor:
    """Goes through one site as a run does, and remembers every page."""

    def __init__(self, simulator: Simulator, host: str) -> None:
        self.simulator = simulator
        self.host = host
        self.site = site_at(simulator, host)
        self._jars: dict[str, dict[str, str]] = {}
        self._opened: set[tuple[str, tuple[str, ...]]] = set()

    def readings(
        self, platform: Platform, scope: Scope | None = None
    ) -> Iterator[tuple[PageRequest, Page, Reading]]:
        """Fetch and read every page that a run of the site comes to."""
        scope = scope or Scope(today=self.simulator.world.today)
        waiting, known = list(platform.start(self.site, scope)), set()
        while waiting and len(known) < MOST_PAGES:
            request = waiting.pop(0)
            if request.key in known:
                continue
            known.add(request.key)
            page = self.page(request)
            reading = platform.read(page, self.site)
            waiting += reading.follow
            yield request, page, reading

    def page(self, request: PageRequest) -> Page:
        """Fetch one page, its steps before it."""
        session = request.session or ""
        paths = tuple(step.path for step in request.steps)
        if paths and (session, paths) not in self._opened:
            self._opened.add((session, paths))
            for step in request.steps:
                url, answer = self._sent(session, "GET", step.path)
                if step.form:
                    self._send_form(session, url, answer, step.form)
        body = json.dumps(request.json).encode() if request.json is not None else None
        if request.form is not None:
            body = urlencode(request.form).encode()
        url, answer = self._sent(session, request.method, request.path, body)
        assert answer.status == 200, (url, answer.status, answer.body[:200])
        # The clock of the played day, so that whoever compares days with it sees one day only.
        at = datetime.combine(self.simulator.world.today, datetime.min.time(), tzinfo=UTC)
        text = answer.body.decode("utf-8", "replace")
        return Page(request=request, url=ORIGIN + url, text=text, fetched_at=at)

    def _send_form(self, session: str, url: str, answer: Answer, step: FormStep) -> None:
        form = LexborHTMLParser(answer.body.decode()).css_first(step.selector)
        if form is None:
            return
        fields = {
            field.attributes["name"]: field.attributes.get("value") or ""
            for field in form.css("input[type=hidden][name]")
        }
        target = urljoin(url, form.attributes.get("action") or "")
        body = urlencode(fields | step.fields).encode()
        self._sent(session, "POST", target.removeprefix(f"/{self.host}"), body)

    def _sent(
        self, session: str, method: str, path: str, body: bytes | None = None
    ) -> tuple[str, Answer]:
        jar = self._jars.setdefault(session, {})
        url = f"/{self.host}{path}"
        for _ in range(MOST_REDIRECTS):
            parts = urlsplit(url)
            cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
            headers = {"user-agent": "visitor", **({"cookie": cookies} if jar else {})}
            answer = self.simulator.respond(
                Request(method, parts.path, parts.query, headers, body or b"")
            )
            for name, value in answer.headers:
                if name == "Set-Cookie":
                    cookie, _, content = value.split(";")[0].partition("=")
                    jar[cookie] = content
            location = dict(answer.headers).get("Location")
            if answer.status not in {301, 302, 303} or location is None:
                return url, answer
            url, method, body = urljoin(url, location), "GET", None
        raise AssertionError(f"too many redirects at {url}")
