"""The little of MongoDB's wire protocol that the raw store speaks, over documents in memory.

It shows that the adapter asks for what it means to ask for. It is no MongoDB: run the same contract with
``TAXLIEN_TEST_MONGODB_URL`` before you rely on one.
"""

from __future__ import annotations

import asyncio
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import bson

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_HELLO = {
    "helloOk": True,
    "ismaster": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16 * 1024 * 1024,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 25,
    "readOnly": False,
}
Document = dict[str, Any]


class DocumentServer:
    """Collections by database and name."""

    def __init__(self) -> None:
        self._collections: dict[tuple[str, str], list[Document]] = defaultdict(list)
        self._cursors: dict[int, list[Document]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                length, number, _, code = struct.unpack("<iiii", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                if code == _OP_QUERY:
                    answer = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode({**_HELLO, "ok": 1.0})
                    kind = _OP_REPLY
                else:
                    answer = struct.pack("<IB", 0, 0) + bson.encode(self._run(_command(body)))
                    kind = _OP_MSG
                writer.write(struct.pack("<iiii", 16 + len(answer), 1, number, kind) + answer)
                await writer.drain()
        writer.close()

    def _run(self, command: Document) -> Document:
        name = next(iter(command))
        found = getattr(self, f"_do_{name.lower()}", None)
        if found is None:
            return {"ok": 0.0, "code": 59, "errmsg": f"no such command: {name}"}
        return {**found(command), "ok": 1.0}

    def _do_hello(self, command: Document) -> Document:
        return dict(_HELLO)

    _do_ismaster = _do_hello

    def _do_ping(self, command: Document) -> Document:
        return {}

    _do_endsessions = _do_killcursors = _do_ping

    def _do_createindexes(self, command: Document) -> Document:
        return {"numIndexesBefore": 1, "numIndexesAfter": 2}

    def _do_listindexes(self, command: Document) -> Document:
        return {"cursor": {"id": 0, "ns": "", "firstBatch": []}}

    def _do_insert(self, command: Document) -> Document:
        kept = self._collections[command["$db"], command["insert"]]
        known = {bytes(bson.encode({"_": one["_id"]})) for one in kept}
        errors = []
        for index, document in enumerate(command["documents"]):
            key = bytes(bson.encode({"_": document["_id"]}))
            if key in known:
                errors.append({"index": index, "code": 11000, "errmsg": "E11000 duplicate key"})
                break
            known.add(key)
            kept.append(document)
        count = len(command["documents"]) - len(errors)
        return {"n": count, **({"writeErrors": errors} if errors else {})}

    def _do_find(self, command: Document) -> Document:
        kept = self._collections[command["$db"], command["find"]]
        found = [one for one in kept if _fits(one, command.get("filter", {}))]
        for field, direction in reversed(list(command.get("sort", {}).items())):
            found.sort(key=lambda one, field=field: one[field], reverse=direction < 0)  # type: ignore[misc]
        found = found[: command["limit"]] if command.get("limit") else found
        first = found[: command.get("batchSize", 101)]
        rest = [] if command.get("singleBatch") else found[len(first) :]
        number = len(self._cursors) + 1 if rest else 0
        if rest:
            self._cursors[number] = rest
        return {
            "cursor": {"id": bson.Int64(number), "ns": _name(command, "find"), "firstBatch": first}
        }

    def _do_getmore(self, command: Document) -> Document:
        rest = self._cursors.pop(command["getMore"])
        size = command.get("batchSize", 101)
        if rest[size:]:
            self._cursors[command["getMore"]] = rest[size:]
        number = command["getMore"] if rest[size:] else 0
        name = f"{command['$db']}.{command['collection']}"
        return {"cursor": {"id": bson.Int64(number), "ns": name, "nextBatch": rest[:size]}}


def _name(command: Document, verb: str) -> str:
    return f"{command['$db']}.{command[verb]}"


def _command(body: bytes) -> Document:
    """Return the command of an OP_MSG, its sequences of documents within it."""
    place, command = 4, Document()
    while place < len(body):
        kind, place = body[place], place + 1
        size = struct.unpack_from("<i", body, place)[0]
        section = body[place : place + size]
        if kind == 0:
            command = {**bson.decode(section), **command}
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        place += size
    verbs = [name for name in command if name != "documents"]
    return {name: command[name] for name in (*verbs, *(n for n in command if n not in verbs))}


def _fits(document: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    for field, said in wanted.items():
        value = said["$eq"] if isinstance(said, dict) and "$eq" in said else said
        if isinstance(value, dict) and "$gte" in value:
            if not document[field] >= value["$gte"]:
                return False
        elif isinstance(value, dict) and "$in" in value:
            if document.get(field) not in value["$in"]:
                return False
        elif document.get(field) != value:
            return False
    return True


@asynccontextmanager
async def document_server() -> AsyncIterator[str]:
    """Yield the address of an empty one."""
    tasks: set[asyncio.Task[None]] = set()
    documents = DocumentServer()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await documents.serve(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
