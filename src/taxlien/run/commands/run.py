"""``taxlien run``: any services in any roles, as one deployment of a cluster does."""

from __future__ import annotations

import os
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    services: Annotated[str, typer.Option(help="Names, separated by commas; none means all.")] = "",
    roles: Annotated[
        str, typer.Option(help="api, worker, relay, jobs, scheduler, separated by commas.")
    ] = "api",
    host: Annotated[str, typer.Option(help="Address the api listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port the api listens on.")] = 8000,
    processes: Annotated[int, typer.Option(help="How many api processes.", min=1)] = 1,
) -> None:
    """Run services in roles, in the foreground. Settings come from TAXLIEN_* variables."""
    from taxlien.kit.settings import SettingsError
    from taxlien.run import registry

    wanted_roles = [role for role in roles.split(",") if role]
    unknown = sorted(set(wanted_roles) - set(registry.ROLES))
    if unknown or not wanted_roles:
        raise typer.BadParameter(f"roles are {', '.join(registry.ROLES)}", param_hint="--roles")
    if processes > 1 and wanted_roles != ["api"]:
        raise typer.BadParameter("only a pure api runs in several processes", param_hint="--roles")
    try:
        names = registry.chosen([name for name in services.split(",") if name])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--services") from None
    try:
        if _in_processes(wanted_roles):
            _work_in_processes(names, wanted_roles)
        elif "api" in wanted_roles:
            os.environ["TAXLIEN_ROLES"] = ",".join(wanted_roles)
            _serve(names, host, port, processes)
        else:
            _work(names, wanted_roles)
    except SettingsError as error:
        typer.echo(f"taxlien run: {error}", err=True)
        raise typer.Exit(2) from None


def _serve(names: tuple[str, ...], host: str, port: int, processes: int) -> None:
    from taxlien.run.serving import serve_alone, serve_below_parent

    os.environ["TAXLIEN_SERVICES"] = ",".join(names)
    if processes == 1:
        serve_alone(host, port)
    else:
        serve_below_parent(host, port, processes)


def _in_processes(roles: list[str]) -> bool:
    """Tell whether this is a process for jobs alone that spreads them over others (a cluster)."""
    if "jobs" not in roles or set(roles) - {"jobs", "scheduler"}:
        return False
    from taxlien.kit.settings import JobsSettings, read_settings

    return read_settings(JobsSettings).processes > 0


def _work_in_processes(names: tuple[str, ...], roles: list[str]) -> None:
    from taxlien.kit.settings import KitSettings, read_settings
    from taxlien.kit.telemetry.logs import configure_logs
    from taxlien.kit.telemetry.traces import configure_traces
    from taxlien.run.job_worker import work_in_processes
    from taxlien.run.jobs import jobs_of

    settings = read_settings(KitSettings)
    configure_logs(settings)
    configure_traces(settings, process="-".join(roles))
    work_in_processes(settings, jobs_of(names), roles)


def _work(names: tuple[str, ...], roles: list[str]) -> None:
    import uvloop

    from taxlien.run.garbage import few_collections
    from taxlien.run.worker import work

    with few_collections():
        uvloop.run(work(names, roles))
