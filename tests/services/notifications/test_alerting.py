"""Who looks after the product hears what became of a model, once; nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from taxlien.interfaces import auth
from taxlien.interfaces.ml import ModelAlerted
from taxlien.kit.ids import new_id
from taxlien.services.notifications import events

NOW = datetime.now(UTC)


def roles(user_id: UUID, *given: str, at: datetime = NOW) -> auth.RolesChanged:
    return auth.RolesChanged(user_id=user_id, at=at, roles=given)


def alert(**changes: object) -> ModelAlerted:
    told: dict[str, object] = {
        "name": "redemption", "model_version": 3, "kind": "loading", "state": "raised",
        "detail": "version 3 cannot be loaded", "at": NOW,
    }  # fmt: skip
    return ModelAlerted(**{**told, **changes})


@pytest.fixture
def alarm(database):
    """Hand alerts to who tells administrators, each twice."""

    async def hand_in(*said: ModelAlerted) -> None:
        for one in said + said:
            async with database.session() as session:
                await events.tell_administrators(session, one)

    return hand_in


async def test_administrators_are_told_once_by_mail_and_in_the_product(
    database, mail_server, sending, until, hear, known, preferences, rows, alarm, client_of
) -> None:
    other = new_id()
    await hear(
        auth.UserSignedUp(
            user_id=other, at=NOW, email="bob@example.com", language="en", email_verified=True,
            method="google", synthetic=True,
        ),
        roles(other, "investor", "support"),
        roles(known, "admin"),
        preferences(known, language="es"),
    )  # fmt: skip
    later = NOW + timedelta(days=1)
    await alarm(alert(), alert(state="cleared", at=later), alert(at=later + timedelta(days=1)))
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 3)
    assert set(mail_server.recipients) == {"ann@example.com"}
    assert sorted(str(mail["Subject"]) for mail in mail_server.mails) == [
        "El modelo redemption no se puede cargar",
        "El modelo redemption no se puede cargar",
        "Resuelto: El modelo redemption no se puede cargar",
    ]
    assert {row["user_id"] for row in await rows("notices")} == {known}
    assert len(await rows("notices")) == 3
    mine = (await client_of(known).get("/v1/notifications/preferences")).json()["kinds"]
    others = (await client_of(other).get("/v1/notifications/preferences")).json()["kinds"]
    assert {k["kind"] for k in mine} - {k["kind"] for k in others} == {"model_alert"}


async def test_who_no_longer_looks_after_the_product_or_does_not_want_to_hears_nothing(
    hear, known, rows, alarm, client_of
) -> None:
    await hear(roles(known, "admin"), roles(known, at=NOW + timedelta(minutes=1)))
    await hear(roles(known, "admin"))  # came late
    await alarm(alert())
    assert await rows() == []
    await hear(roles(known, "admin", at=NOW + timedelta(minutes=2)))
    wanted = {"kinds": {"model_alert": {"email": False}}, "mail_stopped": False}
    answer = await client_of(known).put("/v1/notifications/preferences", json=wanted)
    assert answer.status_code == 200
    await alarm(alert())
    assert [row["status"] for row in await rows()] == ["suppressed"]
    assert len(await rows("notices")) == 1
