"""Previews show every message there is, and exist where the settings say so alone."""

from __future__ import annotations

import re

PAGE = "/dev/notifications"


async def test_index_leads_to_every_message_and_each_is_shown(
    client_of, mail_server, settings_of
) -> None:
    settings_of(smtp_url=f"smtp://127.0.0.1:{mail_server.port}", previews="true")
    client = client_of()
    index = await client.get(PAGE)
    links = re.findall(r'href="(/dev/notifications/[^"]+)"', index.text)
    assert len(links) > 3 * 14
    for link in links:
        shown = await client.get(link)
        assert shown.status_code == 200, link
        if link.endswith("/email"):
            mail = await client.get(f"{link}/html")
            assert "sandbox" in mail.headers["content-security-policy"]
            assert "<!doctype html>" in mail.text.lower()
    assert (await client.get(f"{PAGE}/welcome/de/email")).status_code == 404
    assert (await client.get(f"{PAGE}/verify_email/en/sms")).status_code == 404


async def test_previews_do_not_exist_elsewhere(client_of) -> None:
    for path in (PAGE, f"{PAGE}/welcome/en/email", f"{PAGE}/welcome/en/email/html"):
        assert (await client_of().get(path)).status_code == 404
