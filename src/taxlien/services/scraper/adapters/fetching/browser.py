"""Pages that need scripts: the machine's own Chromium, pooled contexts, closed when nobody needs it.

Imported only where a site needs it, since its driver is optional (extra ``browser``). The browser has no
way to the network: all that a page wants is asked for by the fetcher, with its registry, its address
checks, its politeness and its bounds, and handed in.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from .exchange import Answer, Limits
from .outcomes import Refused, Stopped, Unreachable
from .scripted import Ask, Wanted

log = structlog.get_logger("taxlien.scraper")

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # No way out: what is not handed in goes to a port where nobody listens, loopback too.
    "--proxy-server=127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_READ = frozenset({"document", "script", "xhr", "fetch"})  # kinds that values come from
_KEPT_SCRIPTS = 200  # scripts kept between pages: a host is not asked for them with every page
_QUIET_SECONDS = 10.0
_PASSED_ON = frozenset({"accept", "content-type", "referer", "x-requested-with"})
_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})


class ChromiumPages:
    """One browser for a process, started at the first page and closed after a while without any."""

    def __init__(
        self, path: Path, *, pages: int, idle_seconds: float, user_agent: str, limits: Limits
    ) -> None:
        """``pages`` is how many may be open at once; ``path`` names Chromium's program."""
        self._path = path
        self._places = asyncio.Semaphore(pages)
        self._idle_seconds = idle_seconds
        self._user_agent = user_agent
        self._limits = limits
        self._starting = asyncio.Lock()
        self._driver: Playwright | None = None
        self._browser: Browser | None = None
        self._in_use = 0
        self._closing: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._scripts: OrderedDict[str, Answer] = OrderedDict()

    @property
    def is_running(self) -> bool:
        """Whether the browser is open now."""
        return self._browser is not None

    async def page(self, url: str, ask: Ask) -> Answer:
        """Return the page at ``url`` as it stands once it is quiet.

        Raises what ``ask`` raises for the page itself; what it raises for a part only leaves that out.
        """
        loading = _Loading(ask, self._scripts)
        async with self._places, self._context() as context:
            await context.route("**/*", loading.serve)
            page = await context.new_page()
            try:
                async with asyncio.timeout(self._limits.page_seconds):
                    content = await self._loaded(page, url)
            except (PlaywrightTimeout, TimeoutError):
                raise Unreachable("the page did not load in time") from None
            except PlaywrightError as error:
                raise loading.failure or Unreachable(_in_words(error)) from None
        return loading.answer(content, self._limits.max_bytes)

    async def close(self) -> None:
        """Close the browser and what drives it."""
        if self._closing:
            self._closing.cancel()
        if self._ending:
            await self._ending
        await self._close()

    async def _loaded(self, page: Page, url: str) -> bytes:
        timeout = self._limits.page_seconds * 1000
        await page.goto(url, wait_until="domcontentloaded", timeout=timeout)
        with suppress(PlaywrightTimeout):  # a page that never rests is taken as it is
            await page.wait_for_load_state("networkidle", timeout=_QUIET_SECONDS * 1000)
        return (await page.content()).encode("utf-8", errors="replace")

    @asynccontextmanager
    async def _context(self) -> AsyncIterator[BrowserContext]:
        """Yield a fresh profile: no cookies, no downloads, no worker that would pass us by."""
        if self._closing:
            self._closing.cancel()
            self._closing = None
        self._in_use += 1
        try:
            browser = await self._started()
            context = await browser.new_context(
                user_agent=self._user_agent, accept_downloads=False, service_workers="block"
            )
            try:
                yield context
            finally:
                with suppress(PlaywrightError):
                    await context.close()
        finally:
            self._in_use -= 1
            if self._in_use == 0:
                self._closing = asyncio.create_task(self._close_later())

    async def _started(self) -> Browser:
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            try:
                self._driver = self._driver or await async_playwright().start()
                self._browser = await self._driver.chromium.launch(
                    executable_path=str(self._path), args=list(_FLAGS), headless=True
                )
            except PlaywrightError as error:
                raise Unreachable(
                    f"the browser does not start: {_in_words(error)}", retry=False
                ) from None
            return self._browser

    async def _close_later(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        # From here on nobody may cancel it: a browser half closed would be left behind.
        self._closing, self._ending = None, self._closing
        await self._close()
        self._ending = None
        log.info("browser_closed", idle_seconds=self._idle_seconds)

    async def _close(self) -> None:
        browser, self._browser = self._browser, None
        driver, self._driver = self._driver, None
        if browser is not None:
            with suppress(PlaywrightError):
                await browser.close()
        if driver is not None:
            await driver.stop()


class _Loading:
    """One page on its way: hands in what it wants, and remembers how the page itself came."""

    def __init__(self, ask: Ask, scripts: OrderedDict[str, Answer]) -> None:
        self._ask = ask
        self._scripts = scripts
        self._page: Answer | None = None
        self._bytes_read = 0
        self.failure: Stopped | Refused | Unreachable | None = None

    async def serve(self, route: Route) -> None:
        """Answer one request of the page, or end it."""
        request = route.request
        main = request.is_navigation_request() and request.frame.parent_frame is None
        if urlsplit(request.url).scheme in {"data", "blob"}:
            await route.continue_()
            return
        if request.resource_type not in _READ:
            await route.abort("blockedbyclient")
            return
        try:
            answer = await self._answer(route, kept=request.resource_type == "script")
        except (Stopped, Refused, Unreachable) as error:
            if main:
                self.failure = error
            await route.abort("blockedbyclient")
            return
        if main:
            self._page = answer
        headers = {name: value for name, value in answer.headers.items() if name not in _DROPPED}
        with suppress(PlaywrightError):  # the page may be gone by now
            await route.fulfill(status=answer.status, headers=headers, body=answer.content)

    def answer(self, content: bytes, limit: int) -> Answer:
        """Return the page as its scripts left it. Raises as the page itself failed."""
        if self.failure is not None:
            raise self.failure
        if self._page is None:
            raise Unreachable("the browser got no answer")
        if len(content) > limit:
            raise Refused(f"more than {limit} bytes")
        return Answer(
            url=self._page.url,
            status=self._page.status,
            headers={**self._page.headers, "content-type": "text/html; charset=utf-8"},
            content=content,
            bytes_read=self._bytes_read,
            at=datetime.now(UTC),
        )

    async def _answer(self, route: Route, *, kept: bool) -> Answer:
        request = route.request
        if kept and request.url in self._scripts:
            self._scripts.move_to_end(request.url)
            return self._scripts[request.url]
        headers = {n: v for n, v in request.headers.items() if n in _PASSED_ON}
        answer = await self._ask(
            Wanted(
                url=request.url,
                method=request.method,
                headers=headers,
                body=request.post_data_buffer or b"",
            )
        )
        self._bytes_read += answer.bytes_read
        if kept and answer.status == 200:
            self._scripts[request.url] = answer
            while len(self._scripts) > _KEPT_SCRIPTS:
                self._scripts.popitem(last=False)
        return answer


def _in_words(error: PlaywrightError) -> str:
    return f"the browser: {(error.message.splitlines() or ['no reason given'])[0][:200]}"
