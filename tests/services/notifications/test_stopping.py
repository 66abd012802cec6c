"""One click stops exactly what it says; opening a link stops nothing; a choice holds for one channel."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from taxlien.interfaces import auth, users
from taxlien.interfaces.portfolio import AuctionNeared
from taxlien.kit.ids import new_id

PREFERENCES = "/v1/notifications/preferences"


@pytest.fixture
async def stop_url(
    database, mail_server, sending, telling, until, hear, known, match, make_due
) -> str:
    """The address in the header of a mail about a saved search."""
    await hear(match(known, new_id()))
    await make_due()
    async with telling(database), sending(database):
        await until(lambda: len(mail_server.mails) == 1)
    [mail] = mail_server.mails
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<(https://taxlien\.example/v1/notifications/unsubscribe\?token=\S+)>",
                         "".join(mail["List-Unsubscribe"].split()))  # fmt: skip
    assert found
    assert (
        mail.get_body(("plain",)).get_content().count("/v1/notifications/unsubscribe?token=") == 1
    )
    return found[1]


async def kinds_of(client) -> dict[str, dict[str, object]]:
    return {kind["kind"]: kind for kind in (await client.get(PREFERENCES)).json()["kinds"]}


async def test_one_click_stops_mails_of_this_kind_alone(
    stop_url, client_of, hear, known, match, make_due, database, telling, until, rows
) -> None:
    for _ in range(2):
        answer = await client_of().post(
            stop_url,
            content="List-Unsubscribe=One-Click",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 200
    mine = await kinds_of(client_of(known))
    assert "email" not in mine["saved_search_matches"]["comes_by"]
    assert "in_app" in mine["saved_search_matches"]["comes_by"]
    others = [kind for kind in mine.values() if kind["kind"] != "saved_search_matches"]
    assert all("email" in kind["comes_by"] for kind in others if all(kind["chosen"].values()))
    await hear(match(known, new_id()))
    await make_due()

    async def is_told() -> bool:
        return all(row["told_at"] for row in await rows("gathered"))

    async with telling(database):
        await until(is_told)
    assert [row["status"] for row in await rows()] == ["sent", "suppressed"]
    assert len(await rows("notices")) == 2


async def test_opening_the_link_changes_nothing_and_shows_buttons(
    stop_url, client_of, known
) -> None:
    page = await client_of().get(stop_url)
    assert page.status_code == 200
    assert "New liens in saved searches" in page.text
    assert 'value="kind"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "email" in (await kinds_of(client_of(known)))["saved_search_matches"]["comes_by"]


async def test_all_can_be_stopped_and_taken_back_but_not_what_is_about_safety(
    stop_url, client_of, hear, known, database, mail_server, sending, until
) -> None:
    assert "No more alerts" in (await client_of().post(stop_url, data={"what": "all"})).text
    mine = await client_of(known).get(PREFERENCES)
    assert mine.json()["mail_stopped"] is True
    assert all("email" not in kind["comes_by"] for kind in mine.json()["kinds"])
    changed = auth.PasswordChanged(
        user_id=known, at=datetime.now(UTC), email="ann@example.com", language="en"
    )
    await hear(changed)
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 2)
    assert mail_server.mails[1]["List-Unsubscribe"] is None
    assert "come again" in (await client_of().post(stop_url, data={"what": "resume"})).text
    assert "email" in (await kinds_of(client_of(known)))["saved_search_matches"]["comes_by"]


async def test_page_speaks_the_reader_s_language(
    stop_url, client_of, hear, known, preferences
) -> None:
    await hear(preferences(known, language="es"))
    assert "No recibir más" in (await client_of().get(stop_url)).text


@pytest.mark.parametrize("token", ["", "x", "AAAA", "%00", "é"])
async def test_token_that_is_none_of_ours_is_not_found(client_of, token: str) -> None:
    for method in ("GET", "POST"):
        answer = await client_of().request(
            method, "/v1/notifications/unsubscribe", params={"token": token}
        )
        assert answer.status_code == 404


async def test_token_of_an_erased_user_changes_nothing(
    stop_url, client_of, hear, known, rows
) -> None:
    await hear(users.UserErasureDue(user_id=known, at=datetime.now(UTC), erasure_id=new_id()))
    assert (await client_of().post(stop_url)).status_code == 200
    assert await rows("choices", "user_id") == []


async def test_choices_are_replaced_as_a_whole_and_wait_for_nobody(
    database, client_of, hear, known, match, make_due, telling, until, rows
) -> None:
    await hear(match(known, new_id()))
    await make_due()

    async def is_queued() -> bool:
        return len(await rows()) == 1

    async with telling(database):
        await until(is_queued)
    client = client_of(known)
    chosen = {"saved_search_matches": {"email": False, "push": False}}
    answer = await client.put(PREFERENCES, json={"kinds": chosen})
    [mine] = [k for k in answer.json()["kinds"] if k["kind"] == "saved_search_matches"]
    assert mine["chosen"] == {
        "email": False, "push": False, "sms": True, "webhook": True, "in_app": True,
    }  # fmt: skip
    assert "sms" not in mine["comes_by"], "the coarse switch is off"
    assert [row["status"] for row in await rows()] == ["suppressed"]
    answer = await client.put(PREFERENCES, json={"kinds": {}})
    assert all(
        k["chosen"].get("email", True) for k in answer.json()["kinds"] if k["category"] == "alert"
    )


@pytest.mark.parametrize(
    ("kinds", "field"),
    [
        ({"password_changed": {"email": False}}, "kinds.password_changed"),
        ({"nothing": {"email": False}}, "kinds.nothing"),
        ({"saved_search_matches": {"pigeon": True}}, "body.kinds"),
    ],
)
async def test_choice_that_nobody_has_is_refused_by_name(client_of, known, kinds, field) -> None:
    answer = await client_of(known).put(PREFERENCES, json={"kinds": kinds})
    assert answer.status_code == 422
    assert field in answer.text or field.removeprefix("body.") in answer.text


async def test_preferences_need_a_sign_in(client_of) -> None:
    assert (await client_of().get(PREFERENCES)).status_code == 401


async def test_other_alerts_still_come_by_mail_after_one_kind_was_stopped(
    stop_url, client_of, hear, known, database, mail_server, sending, until
) -> None:
    assert (await client_of().post(stop_url)).status_code == 200
    starts = datetime.now(UTC) + timedelta(hours=20)
    sale = AuctionNeared(
        user_id=known, state="FL", county_fips="12083", county="Marion", auction_on=starts.date(),
        starts_at=starts, time_zone="America/New_York", hour_known=True, watched=1, at=starts,
    )  # fmt: skip
    await hear(sale)
    async with sending(database):
        await until(lambda: len(mail_server.mails) == 2)
    assert "Marion" in mail_server.mails[1]["Subject"]
    assert mail_server.mails[1]["List-Unsubscribe"]


async def test_a_form_of_any_length_stops_the_kind_of_the_link(stop_url, client_of, known) -> None:
    body = "&".join(f"field{n}=x" for n in range(40))
    answer = await client_of().post(
        stop_url, content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 200
    mine = await kinds_of(client_of(known))
    assert "email" not in mine["saved_search_matches"]["comes_by"]
