"""E-mail addresses: what is accepted, and by which key an account is found.

The key is the address in compatibility form (NFKC) with both parts case-folded: mailboxes that differ only
in case do not exist in practice, and two accounts for one mailbox would be a way around limits. Dots and
``+tags`` are kept: what they mean is the mail server's business, and elsewhere they are different people.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from taxlien.kit.errors import InvalidInput

MAX_LENGTH = 254


class Address(NamedTuple):
    """``written`` is what mails are sent to, ``key`` what is unique."""

    written: str
    key: str


def read_address(text: str) -> Address:
    """Return the address in ``text``. Raises ``InvalidInput`` (``email``) where it cannot be one."""
    if len(text) > MAX_LENGTH:
        raise InvalidInput("email", f"may have at most {MAX_LENGTH} characters")
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise InvalidInput("email", str(error)) from None
    domain = found.ascii_domain or found.domain
    local = unicodedata.normalize("NFKC", found.local_part).casefold()
    return Address(found.normalized, f"{local}@{domain.casefold()}")
