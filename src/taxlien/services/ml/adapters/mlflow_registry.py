"""MLflow as the registry: its tables in the product's PostgreSQL, or a server (docs/adr/0131)."""

from __future__ import annotations

import math
import time

import obstore
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from obstore.store import S3Store

from .registry import Alias, Run, Version

PICTURES = "pictures"
"""Folder of a run's files in the objects."""
_FINISHED = "FINISHED"


class MlflowRegistry:
    """Runs, versions and aliases at ``url``: ``postgresql+psycopg://...`` or ``https://...``."""

    def __init__(self, url: str, artifacts: str, bucket: S3Store | None = None) -> None:
        """``artifacts`` is the address of the objects, where artifacts lie by their SHA-256; ``bucket``
        is that place, where pictures of runs are kept too. MLflow's own client would need boto3."""
        self._client = MlflowClient(tracking_uri=url, registry_uri=url)
        self._artifacts = artifacts
        self._bucket = bucket

    def record(self, run: Run) -> Version:
        """Write a run down and register what it made as the next version."""
        now = time.time_ns() // 1_000_000
        tags = {"artifact_sha256": run.artifact, "data_sha256": run.data_sha256}
        begun = self._client.create_run(self._experiment(run.name), start_time=now)
        run_id = str(begun.info.run_id)
        self._client.log_batch(
            run_id,
            metrics=[
                Metric(name, float(value), now, 0)
                for name, value in run.metrics.items()
                if math.isfinite(value)
            ],
            params=[Param(name, str(value)) for name, value in run.parameters.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        self._keep_pictures(str(begun.info.artifact_uri), run)
        made = self._client.create_model_version(
            self._model(run.name), source=run.source, run_id=run_id, tags=tags
        )
        self._client.set_terminated(run_id, _FINISHED)
        return Version(run.name, int(made.version), run_id)

    def appoint(self, name: str, alias: Alias, version: int) -> None:
        """Let ``alias`` mean ``version``; repeating it changes nothing."""
        self._client.set_registered_model_alias(self._model(name), alias, str(version))

    def _keep_pictures(self, address: str, run: Run) -> None:
        """Put the pictures where MLflow looks for the files of a run."""
        if self._bucket is None or not address.startswith(self._artifacts):
            return
        folder = address.removeprefix(self._artifacts).strip("/")
        for name, content in run.pictures.items():
            obstore.put(self._bucket, f"{folder}/{PICTURES}/{name}", content)

    def _experiment(self, name: str) -> str:
        title = f"taxlien-{name}"
        found = self._client.get_experiment_by_name(title)
        if found is None:
            try:
                return str(self._client.create_experiment(title, self._artifacts))
            except MlflowException:
                found = self._client.get_experiment_by_name(title)  # made by another meanwhile
                if found is None:
                    raise
        return str(found.experiment_id)

    def _model(self, name: str) -> str:
        title = f"taxlien-{name}"
        try:
            self._client.create_registered_model(title)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return title
