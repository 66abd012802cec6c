"""What is written, what wins, and what survives: any engine."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from taxlien.services.search.adapters.engine import WriterBusyError
from taxlien.services.search.logic.query import SearchQuery


async def stored(engine) -> dict[int, int]:
    """Return the version of every lien that a search can find."""
    found = await engine.search(SearchQuery(limit=1000))
    items = [msgspec.json.decode(raw) for raw in found.items]
    versions = {item["n"]: item["version"] for item in items}
    assert len(versions) == len(items) == found.total, "a lien was found twice"
    return versions


async def test_empty_index_answers_nothing(engine) -> None:
    found = await engine.search(SearchQuery(text="anything"))
    assert (found.total, found.items) == (0, [])
    assert await engine.suggest("any", 5) == []
    assert await engine.count() == 0


async def test_reader_before_any_index_answers_nothing(open_engine) -> None:
    reader = open_engine()
    found = await reader.search(SearchQuery())
    assert (found.total, found.items) == (0, [])
    assert all(values == [] for values in (await reader.facets()).values())


async def test_nothing_is_found_before_commit_and_everything_after(engine, make_document) -> None:
    await engine.upsert([make_document(1)])
    assert await engine.count() == 0
    await engine.commit()
    assert await stored(engine) == {1: 1}


async def test_newer_version_takes_the_place_of_the_older(engine, make_document) -> None:
    await engine.upsert([make_document(1)])
    await engine.commit()
    assert await engine.upsert([make_document(1, version=2)]) == 1
    await engine.commit()
    assert await stored(engine) == {1: 2}


@pytest.mark.parametrize("committed", [True, False])
async def test_older_and_equal_versions_change_nothing(engine, make_document, committed) -> None:
    await engine.upsert([make_document(1, version=3)])
    if committed:
        await engine.commit()
    older = [make_document(1, version=v, address="wrong") for v in (1, 2, 3)]
    assert await engine.upsert(older) == 0
    await engine.commit()
    assert await stored(engine) == {1: 3}


async def test_versions_of_one_lien_in_one_batch_end_at_the_highest(engine, make_document) -> None:
    batch = [make_document(1, version=v) for v in (2, 1, 4, 3)]
    await engine.upsert(batch)
    assert await engine.versions([UUID(int=1)]) == {UUID(int=1): 4}
    await engine.commit()
    assert await stored(engine) == {1: 4}


async def test_same_batch_twice_leaves_one_of_each(engine, make_document) -> None:
    batch = [make_document(n) for n in range(50)]
    await engine.upsert(batch)
    await engine.commit()
    await engine.upsert(batch)
    await engine.commit()
    assert await stored(engine) == dict.fromkeys(range(50), 1)


async def test_versions_are_known_after_reopening(open_engine, make_document) -> None:
    first = open_engine(writer=True)
    await first.upsert([make_document(n, version=n + 1) for n in range(20)])
    await first.commit()
    await first.close()
    second = open_engine(writer=True)
    known = await second.versions(UUID(int=n) for n in range(25))
    assert known == {UUID(int=n): n + 1 for n in range(20)}
    assert await second.upsert([make_document(19, version=5)]) == 0


async def test_uncommitted_documents_are_gone_after_close(open_engine, make_document) -> None:
    first = open_engine(writer=True)
    await first.upsert([make_document(1)])
    await first.commit()
    await first.upsert([make_document(2)])
    await first.close()
    assert await stored(open_engine(writer=True)) == {1: 1}


async def test_deleted_lien_is_gone_and_may_come_again(engine, make_document) -> None:
    await engine.upsert([make_document(1), make_document(2)])
    await engine.commit()
    await engine.delete([UUID(int=1), UUID(int=99)])
    assert await engine.versions([UUID(int=1)]) == {}
    await engine.commit()
    assert await stored(engine) == {2: 1}
    await engine.upsert([make_document(1, version=2)])
    await engine.commit()
    assert await stored(engine) == {1: 2, 2: 1}


async def test_second_writer_is_refused_while_the_first_lives(open_engine, make_document) -> None:
    first = open_engine(writer=True)
    with pytest.raises(WriterBusyError):
        open_engine(writer=True)
    await first.close()
    second = open_engine(writer=True)
    assert await second.upsert([make_document(1)]) == 1


async def test_engine_opened_to_read_refuses_to_write(engine, open_engine, make_document) -> None:
    reader = open_engine()
    with pytest.raises(WriterBusyError):
        await reader.upsert([make_document(1)])
    with pytest.raises(WriterBusyError):
        await reader.begin_rebuild()


async def test_index_started_empty_needs_a_rebuild_until_one_was_swapped_in(open_engine) -> None:
    first = open_engine(writer=True)
    assert first.needs_rebuild
    await first.close()
    second = open_engine(writer=True)
    assert second.needs_rebuild
    await second.begin_rebuild()
    await second.swap()
    assert not second.needs_rebuild


async def test_ids_over_the_whole_range_keep_their_versions(engine, make_document) -> None:
    ids = [0, 1, 2**63, 2**64 - 1, 2**64, 2**127, 2**128 - 1]
    await engine.upsert([make_document(n, version=7) for n in ids])
    await engine.commit()
    known = await engine.versions(UUID(int=n) for n in ids)
    assert known == {UUID(int=n): 7 for n in ids}


async def test_state_has_a_name_that_processes_share_and_every_change_renames(
    engine, open_engine, make_document
) -> None:
    names = [engine.version()]
    await engine.upsert([make_document(1)])
    await engine.commit()
    names.append(engine.version())
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(1)])
    assert engine.version() == names[-1]
    await engine.swap()
    names.append(engine.version())
    await engine.upsert([make_document(2)])
    await engine.commit()
    names.append(engine.version())
    assert len(set(names)) == 4
    assert open_engine().version() == engine.version() == names[-1]
