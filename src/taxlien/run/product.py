"""The product on one machine: the embedded stack, our processes, the gateway, and the first search."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from taxlien.kit.reference import reference_text
from taxlien.kit.settings import read_settings
from taxlien.run import registry
from taxlien.run.demo.generate import demo_plan
from taxlien.run.demo.models import past_years, taught_mark
from taxlien.run.mailbox.program import MAILBOX_HTTP, SMTP_URL, mailbox_program
from taxlien.run.mailbox.program import SETTING as SMTP_SETTING
from taxlien.run.simulator.part import SETTING as SIMULATOR_SETTING
from taxlien.run.simulator.part import SIMULATOR, simulator_program
from taxlien.run.stack import EMBEDDED, Display, Envoy, Program, Stack, StackError
from taxlien.run.stack.parts.fork_server import MALLOC, ForkServer
from taxlien.services.gateway.logic.envoy import Doors, Upstream, envoy_config
from taxlien.services.gateway.logic.envoy_identity import Tokens
from taxlien.services.gateway.logic.envoy_quotas import Quotas
from taxlien.services.gateway.logic.limits import with_overrides
from taxlien.services.gateway.logic.routes import MAILBOX, MAILBOX_ROUTES, PREVIEW_ROUTES, ROUTES
from taxlien.services.gateway.settings import GatewaySettings

PREVIEWS_SETTING = "TAXLIEN_NOTIFICATIONS_PREVIEWS"
API = "api"
PORTS = (
    API,
    SIMULATOR,
    *Envoy.usual_ports,
    *mailbox_program().usual_ports,
    *(port for part in EMBEDDED.values() for port in part().usual_ports),
)
DROPS = "drops"
# One process for all that works without being asked: on one machine it is 50 MB less than two.
WORKER_ROLES = "worker,relay,jobs,scheduler"
FIRST_SEARCH_SECONDS = 60.0
ANSWER_SECONDS = 10.0


class Product:
    """Everything ``taxlien up`` starts. ``demo`` also loads the synthetic demo liens, and ``simulate``
    plays county sites to collect from; ``any_port``
    leaves the usual ports to others."""

    def __init__(
        self, home: Path, *, demo: bool, simulate: bool, any_port: bool, display: Display
    ) -> None:
        # Handing a forked process over to its supervisor is a thing of Linux.
        self._forks = ForkServer("taxlien.run.forks") if sys.platform == "linux" else None
        self.stack = Stack(
            home,
            parts=[*EMBEDDED, self._forks] if self._forks else [*EMBEDDED],
            ports=dict.fromkeys(PORTS, 0) if any_port else None,
        )
        self._demo = demo
        self._simulate = simulate
        self._display = display

    async def start(self) -> None:
        """Return when a search through the gateway is answered. Raises StackError in words."""
        await self.stack.start(self._display)
        await self._prepare_database()
        api = Program(
            API,
            [sys.executable, "-m", "taxlien.run", "run", "--roles", "api", "--port", "{port}"],
            title="API",
            usual_port=8000,
            environment_of_its_own={
                **_agreed_with_the_gateway(),
                **_asks_itself(),
                **_for_development(),
            },
            forks=self._forks.whole if self._forks else None,
        )
        worker = Program(
            "worker",
            [sys.executable, "-m", "taxlien.run", "run", "--roles", WORKER_ROLES],
            title="worker",
            environment_of_its_own={**_beside_the_worker(), **self._played_counties()},
            forks=self._forks.whole if self._forks else None,
        )
        # Each is begun in this order and knows the ports of those before it, up or not.
        await asyncio.gather(
            self.stack.start_program(self._small(mailbox_program())),
            *([self._start_simulator()] if self._simulate else []),
            self.stack.start_program(api),
            self.stack.start_part(Envoy(self._gateway_config)),
            self.stack.start_program(worker),
        )
        if self._forks:
            await self.stack.stop_part(self._forks.name)
        with self._display.step("first search"):
            await self._first_search()
        await self._teach_demo()

    async def _teach_demo(self) -> None:
        """Let the demo's models be trained beside everything else, unless they were already."""
        if not self._demo or not past_years() or taught_mark(self.stack.home.root).exists():
            return
        command = [sys.executable, "-m", "taxlien.run", "ml", "train-demo"]
        title = "training of demo models"
        await self.stack.run_once(
            Program("demo_models", command, title=title, environment_of_its_own=MALLOC)
        )

    async def _start_simulator(self) -> None:
        """Play county sites, so that the demo has something to collect."""
        program = simulator_program(self.stack.home.folder(DROPS))
        await self.stack.start_program(self._small(program))

    def _small(self, program: Program) -> Program:
        """Return ``program`` to be forked from the image that has little in it."""
        return replace(program, forks=self._forks.small if self._forks else None)

    def _played_counties(self) -> dict[str, str]:
        """Return where jobs find the simulator, unless a setting from outside says so."""
        if not self._simulate or os.environ.get(SIMULATOR_SETTING):
            return {}
        offered = simulator_program(self.stack.home.folder(DROPS)).offers
        return {n: url.replace("{port}", f"{{port of {SIMULATOR}}}") for n, url in offered.items()}

    async def _prepare_database(self) -> None:
        """Migrate and load, unless this very code already did so for the embedded database."""
        done = self.stack.home.folder("postgres") / "prepared"
        wanted = _fingerprint(demo=self._demo)
        embedded = "TAXLIEN_DATABASE_URL" not in os.environ
        if embedded and done.exists() and done.read_text() == wanted:
            return
        title = "schemas, counties, demo liens" if self._demo else "schemas, counties"
        with self._display.step(title):
            command = ["-m", "taxlien.run", "migrate", *(["--demo"] if self._demo else [])]
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                env={**os.environ, **self.stack.environment()},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
            if process.returncode != 0:
                raise StackError(f"the database could not be prepared: {output.decode()[-2000:]}")
        if embedded:
            self.stack.home.write_private(done, wanted)

    def _gateway_config(self, port: int, admin_port: int, upstreams: Mapping[str, int]) -> str:
        app = Upstream("127.0.0.1", upstreams[API])
        services = dict.fromkeys(registry.service_names(), app)
        routes = ROUTES + PREVIEW_ROUTES
        if MAILBOX_HTTP in upstreams:
            routes += MAILBOX_ROUTES
            services[MAILBOX] = Upstream("127.0.0.1", upstreams[MAILBOX_HTTP])
        settings = read_settings(GatewaySettings)
        limits = with_overrides(settings.limits)
        doors = Doors(
            gateway_secret=self.stack.environment()["TAXLIEN_GATEWAY_SECRET"],
            tokens=Tokens(issuer=settings.issuer, audience=settings.audience),
            quotas=Quotas(floor=limits["floor"]),
            trusted_hops=settings.trusted_hops,
            cors_origins=settings.cors_origins,
        )
        return envoy_config(
            port=port, admin_port=admin_port, upstreams=services, routes=routes, doors=doors
        )

    async def _first_search(self) -> None:
        """Wait until the API finds the whole demo where there is one, and the gateway answers too.

        The API is asked by itself: at the gateway this would use up the quota of whoever comes first.
        """
        ports = {status.name: status.port for status in self.stack.status()}
        api, gateway = f"http://127.0.0.1:{ports[API]}", self.stack.environment()
        wanted = demo_plan().size if self._demo else 0
        try:
            async with asyncio.timeout(FIRST_SEARCH_SECONDS):
                for url, pause in ((api, 0.05), (gateway["TAXLIEN_GATEWAY_URL"], 0.25)):
                    address = f"{url}/v1/search?q="
                    while not await asyncio.to_thread(_finds, address, wanted):  # noqa: ASYNC110
                        await asyncio.sleep(pause)
        except TimeoutError:
            raise StackError(
                f"no search was answered within {FIRST_SEARCH_SECONDS:.0f} s; "
                f"the logs are in {self.stack.home.root / 'logs'}"
            ) from None


def _finds(address: str, wanted: int) -> bool:
    """Tell whether a search finds so many liens. By the standard library: a client that stays loaded is
    7 MB of a process that asks for nothing afterwards."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=ANSWER_SECONDS) as answer:
            return bool(json.load(answer)["total"] >= wanted)
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ):  # not there yet, or another status than 200
        return False


def _beside_the_worker() -> dict[str, str]:
    """Return where the worker finds what starts beside it, unless a setting from outside says so."""
    beside = {
        "TAXLIEN_SEARCH_LIENS_URL": f"http://127.0.0.1:{{port of {API}}}",
        "TAXLIEN_GATEWAY_URL": f"http://127.0.0.1:{{port of {Envoy.name}}}",
        SMTP_SETTING: SMTP_URL,
    }
    return {name: url for name, url in beside.items() if not os.environ.get(name)}


def _asks_itself() -> dict[str, str]:
    """Return where the API finds the services it calls: in its own process, unless a setting says so."""
    name = "TAXLIEN_PORTFOLIO_LIENS_URL"
    return {} if os.environ.get(name) else {name: "http://127.0.0.1:{port}"}


def _for_development() -> dict[str, str]:
    """Return what only a product on somebody's own machine shows, unless a setting says otherwise."""
    return {} if os.environ.get(PREVIEWS_SETTING) else {PREVIEWS_SETTING: "true"}


def _agreed_with_the_gateway() -> dict[str, str]:
    """Return what auth writes into tokens, as the gateway will look for it."""
    settings = read_settings(GatewaySettings)
    return {
        "TAXLIEN_AUTH_ISSUER": settings.issuer,
        "TAXLIEN_AUTH_AUDIENCE": settings.audience,
    }


def _fingerprint(*, demo: bool) -> str:
    """Name what ``taxlien migrate`` would bring: the migrations, the counties and the demo plan."""
    root = Path(__file__).parents[1] / "services"
    digest = hashlib.sha256(b"demo" if demo else b"plain")
    for path in sorted(root.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    for name in ("counties.csv", "demo.yml"):
        digest.update(reference_text(name).encode())
    return digest.hexdigest()
