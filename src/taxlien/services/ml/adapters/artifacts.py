"""Artifacts: the files of a trained model, kept in the objects by what they contain.

A manifest names each file with its SHA-256; the artifact is named by the SHA-256 of its manifest, so a
byte that changes anywhere is noticed before anything is read. There is no pickle.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import msgspec

from taxlien.kit.blobs import BlobDamaged, BlobMissing, Blobs

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class UnfitArtifact(ValueError):
    """An artifact is missing, damaged, or no model this program can serve; the text says which."""


async def store(blobs: Blobs, files: Mapping[str, bytes]) -> str:
    """Keep ``files``; returns the name of the artifact. Storing the same again stores nothing."""
    wrong = [name for name in files if not _NAME.fullmatch(name)]
    if wrong or not files:
        raise ValueError(f"not names of an artifact's files: {wrong}")
    names = sorted(files)
    stored = await asyncio.gather(*(blobs.put_if_absent(files[name]) for name in names))
    manifest = {name: one.sha256 for name, one in zip(names, stored, strict=True)}
    return (await blobs.put_if_absent(msgspec.json.encode(manifest))).sha256


async def fetch(blobs: Blobs, artifact: str) -> dict[str, bytes]:
    """Return the files of ``artifact``, each checked. Raises ``UnfitArtifact``."""
    try:
        manifest = msgspec.json.decode(await blobs.get(artifact), type=dict[str, str])
        contents = await asyncio.gather(*(blobs.get(sha256) for sha256 in manifest.values()))
    except BlobMissing as missing:
        raise UnfitArtifact(f"{missing} is missing from the objects") from None
    except BlobDamaged as damaged:
        raise UnfitArtifact(f"{damaged} is damaged in the objects") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnfitArtifact(f"the manifest cannot be read: {error}") from None
    return dict(zip(manifest, contents, strict=True))
