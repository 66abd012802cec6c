"""One schema and one Alembic chain per service, run as the service's own role.

A chain lives in ``taxlien/services/<service>/migrations/``; its version table lies in the schema it
describes. The first migration calls ``taxlien.kit.outbox.create_tables(op)``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from alembic import autogenerate, command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import ops
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, MetaData, NullPool, create_engine, text

from taxlien.kit.database import checked_service, driver_url
from taxlien.kit.migrations.roles import prepare_service, role_of
from taxlien.kit.outbox.tables import KIT_TABLES

__all__ = [
    "VERSION_TABLE",
    "create_revision",
    "current_revision",
    "pending_changes",
    "prepare_service",
    "role_of",
    "upgrade",
]

VERSION_TABLE = "schema_version"
# What Alembic's commands run in belongs to the process, not to the call.
_alembic = threading.Lock()
_ENVIRONMENT = Path(__file__).parent / "environment"
_SERVICES = Path(__file__).parents[2] / "services"


async def upgrade(
    url: str | URL, service: str, *, directory: Path | None = None, to: str = "head"
) -> None:
    """Bring the schema of ``service`` up to ``to``. ``url`` is that of the service's role.

    Safe to call from many processes at once: one works, the others wait and find nothing to do.
    """
    await asyncio.to_thread(_upgrade, url, service, directory, to)


async def current_revision(url: str | URL, service: str) -> str | None:
    """Return the revision the schema of ``service`` stands at, or None when it has none."""
    return await asyncio.to_thread(_current_revision, url, service)


async def pending_changes(service: str, url: str | URL, metadata: MetaData) -> list[str]:
    """Return what the migrations lack to match ``metadata``, one line per difference."""
    return await asyncio.to_thread(_pending_changes, service, url, metadata)


async def create_revision(
    service: str,
    message: str,
    *,
    url: str | URL,
    metadata: MetaData,
    directory: Path | None = None,
) -> Path:
    """Write the migration that brings the database at ``url`` to ``metadata``; returns its path.

    Revisions are numbered: 0001, 0002, ... The result is a draft that its author reads and edits.
    """
    return await asyncio.to_thread(_create_revision, service, message, url, metadata, directory)


def _upgrade(url: str | URL, service: str, directory: Path | None, to: str) -> None:
    with _alembic, _connected(url) as connection:
        lock = crc32(f"migrate {service}".encode())
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": lock})
        connection.commit()
        command.upgrade(_config(service, connection, MetaData(), directory), to)
        connection.commit()


def _current_revision(url: str | URL, service: str) -> str | None:
    with _connected(url) as connection:
        return _context(service, connection).get_current_revision()


def _pending_changes(service: str, url: str | URL, metadata: MetaData) -> list[str]:
    with _connected(url, comparing=True) as connection:
        differences = autogenerate.produce_migrations(_context(service, connection), metadata)
        upgrade_ops = differences.upgrade_ops
        return [] if upgrade_ops is None else [_line(diff) for diff in upgrade_ops.as_diffs()]


def _create_revision(
    service: str, message: str, url: str | URL, metadata: MetaData, directory: Path | None
) -> Path:
    with _alembic, _connected(url, comparing=True) as connection:
        config = _config(service, connection, metadata, directory)
        chain = ScriptDirectory.from_config(config)
        number = f"{len(list(chain.walk_revisions())) + 1:04d}"
        made = command.revision(config, message, autogenerate=True, rev_id=number)
    written = made[0] if isinstance(made, list) else made
    if written is None:
        raise RuntimeError(f"no migration was written for {service}")
    return Path(written.path)


def _line(difference: object) -> str:
    inner = difference[0] if isinstance(difference, list) else difference
    return " ".join(str(part) for part in inner) if isinstance(inner, tuple) else str(inner)


@contextmanager
def _connected(url: str | URL, *, comparing: bool = False) -> Iterator[Connection]:
    # What lies in the first schema of the search path is reflected as if it had none, and would
    # never match models that name theirs: compare with an empty path.
    options = {"options": "-csearch_path="} if comparing else {}
    engine = create_engine(driver_url(url), poolclass=NullPool, connect_args=options)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _context(service: str, connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts=options_for(service))


def _config(
    service: str, connection: Connection, metadata: MetaData, directory: Path | None
) -> Config:
    chain = directory or _SERVICES / checked_service(service) / "migrations"
    if not chain.is_dir():
        raise FileNotFoundError(f"{service} has no migrations: {chain} is not a folder")
    config = Config()
    config.set_main_option("script_location", _literal(_ENVIRONMENT))
    config.set_main_option("version_locations", _literal(chain))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(
        connection=connection, options={"target_metadata": metadata, **options_for(service)}
    )
    return config


def _literal(path: Path) -> str:
    """Return ``path`` for a configuration in which a percent sign would start an interpolation."""
    return str(path).replace("%", "%%")


def options_for(service: str) -> dict[str, object]:
    """Return how Alembic is to see the schema of ``service``, and nothing else of the database."""

    def include_name(name: str | None, kind: str, _: object) -> bool:
        return name == service if kind == "schema" else True

    def include_object(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and name in {*KIT_TABLES, VERSION_TABLE})

    return {
        "version_table": VERSION_TABLE,
        "version_table_schema": checked_service(service),
        "include_schemas": True,
        "include_name": include_name,
        "include_object": include_object,
        "compare_type": True,
        "compare_server_default": True,
        "transaction_per_migration": True,
        "process_revision_directives": _skip_empty,
    }


def _skip_empty(_: object, __: object, directives: list[ops.MigrationScript]) -> None:
    changes = directives[0].upgrade_ops if directives else None
    if changes is not None and changes.is_empty():
        directives.clear()
