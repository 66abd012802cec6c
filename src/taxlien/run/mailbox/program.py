"""The mailbox as a part of the stack, replaced by a mail server that the settings name."""

from __future__ import annotations

import sys

from taxlien.run.stack.parts.program import Program

MAILBOX = "mailbox"
MAILBOX_HTTP = "mailbox-http"
SETTING = "TAXLIEN_NOTIFICATIONS_SMTP_URL"
PAGE = "TAXLIEN_MAILBOX_URL"
SMTP_URL = f"smtp://127.0.0.1:{{port of {MAILBOX}}}"


def mailbox_program() -> Program:
    """Return the program: SMTP on port 1025, the page on 8025 where those are free."""
    command = [sys.executable, "-m", "taxlien.run", "mailbox"]
    return Program(
        MAILBOX,
        [*command, "--smtp-port", "{port}", "--http-port", f"{{port of {MAILBOX_HTTP}}}"],
        title="mailbox",
        usual_port=1025,
        further_ports={MAILBOX_HTTP: 8025},
        ready_port=MAILBOX_HTTP,
        offers={
            SETTING: SMTP_URL,
            PAGE: f"http://127.0.0.1:{{port of {MAILBOX_HTTP}}}/dev/mail",
        },
        replaced_by=SETTING,
    )
