"""Templates of messages: mail from MJML compiled once for each kind and language, notes, text messages.

A template is one file of words, ``templates/<kind>/<language>.j2``. A note (push, in-app) is its subject and
preview, a text message its block ``sms``. Its ``[% ... %]`` and ``[[ ... ]]``
(layout, paragraphs, buttons) are resolved first, once as MJML and once as plain text. What MJML becomes
is HTML with ``{{ parameters }}`` still in it; those are filled in last, escaped, so that nothing a
stranger wrote ever passes the MJML compiler.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from taxlien.services.notifications.logic import figures, wording
from taxlien.services.notifications.logic.sms import LONGEST_SMS, clipped
from taxlien.services.notifications.logic.statuses import status_name

FOLDER = Path(__file__).with_name("templates")
LONGEST_TITLE = 65
LONGEST_BODY = 178
"""What phones show of a push message in full, in characters."""
_WIDTH = 76
_WORDS = {"form": "form.txt", "parts": "parts.txt"}


class Rendered(NamedTuple):
    """A mail's words; ``subject`` is one line."""

    subject: str
    html: str
    text: str


class Note(NamedTuple):
    """A push message or a line of the inbox: two lines of plain text."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Sources:
    """A template as compiled: Jinja text with nothing left but parameters. For tests and previews."""

    subject: str
    html: str
    text: str
    preview: str
    sms: str | None


def render(
    kind: str,
    language: str,
    parameters: Mapping[str, object],
    *,
    web_url: str,
    unsubscribe_url: str = "",
) -> Rendered:
    """Return a mail of ``kind``. Raises ``jinja2.UndefinedError`` where a parameter is missing.

    ``unsubscribe_url`` is where its reader stops mails of an optional kind.
    """
    compiled = _compiled(kind, language)
    values = {**parameters, "web_url": web_url, "unsubscribe_url": unsubscribe_url}
    subject, html, text = (compiled[part].render(values) for part in ("subject", "html", "text"))
    return Rendered(" ".join(subject.split()), html, _wrapped(text))


def render_note(kind: str, language: str, parameters: Mapping[str, object]) -> Note:
    """Return ``kind`` as a push message or a line of the inbox. Raises ``jinja2.UndefinedError``."""
    compiled = _compiled(kind, language)
    title, body = (compiled[part].render(parameters) for part in ("subject", "preview"))
    return Note(clipped(title, LONGEST_TITLE), clipped(body, LONGEST_BODY))


def render_sms(kind: str, language: str, parameters: Mapping[str, object]) -> str:
    """Return ``kind`` as a text message of at most 140 characters. Raises ``KeyError`` where it has none."""
    return clipped(_compiled(kind, language)["sms"].render(parameters), LONGEST_SMS)


@cache
def sources(kind: str, language: str) -> Sources:
    """Return the three texts of a template with its layout put in and its MJML compiled."""
    name = f"{kind}/{language}.j2"
    words = _assembling().get_template(name)
    mjml = words.render(form="form.mjml", parts="parts.mjml", language=language)
    output = mrml.to_html(mjml.strip())
    if output.warnings:
        raise ValueError(f"{name} is not MJML: {output.warnings[0]}")
    text = words.render(**_WORDS, language=language)
    subject, preview, sms = (_block(words, name) for name in ("subject", "preview", "sms"))
    return Sources(subject or "", output.content, text.strip() + "\n", preview or "", sms)


def _block(words: Template, name: str) -> str | None:
    block = words.blocks.get(name)
    return None if block is None else "".join(block(words.new_context(_WORDS))).strip()


@cache
def _compiled(kind: str, language: str) -> dict[str, Template]:
    found = sources(kind, language)
    escaping, plain = filling(language, escape=True), filling(language, escape=False)
    compiled = {
        "subject": plain.from_string(found.subject),
        "html": escaping.from_string(found.html),
        "text": plain.from_string(found.text),
        "preview": plain.from_string(found.preview),
    }
    return compiled if found.sms is None else {**compiled, "sms": plain.from_string(found.sms)}


@cache
def filling(language: str, *, escape: bool) -> Environment:
    """Return the environment that fills in parameters, in one language."""
    environment = Environment(
        autoescape=escape,  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(_filters(language))
    return environment


def _filters(language: str) -> dict[str, Callable[..., str]]:
    """Return what templates write values with, in one language."""
    return {
        "clip": clipped,
        "moment": lambda value: wording.moment(str(value), language),
        "day": lambda value: wording.day(str(value), language),
        "clock": lambda value, zone: wording.clock(str(value), zone, language),
        "money": lambda value: figures.money(value, language),
        "amount": lambda value, currency: figures.amount(value, str(currency), language),
        "status": lambda value: status_name(str(value), language),
        "dollars": lambda value: figures.whole_money(value, language),
        "percent": lambda value: figures.percent(value, language),
        "count": lambda value: figures.count(value, language),
        "plural": lambda value, *forms: figures.plural(value, language, *forms),
    }


@cache
def _assembling() -> Environment:
    return Environment(  # noqa: S701 - there is only our own text yet
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _wrapped(text: str) -> str:
    """Fold long lines of prose; an address in a line of its own stays whole, so that it can be clicked."""
    lines = [
        textwrap.fill(
            line,
            _WIDTH,
            break_long_words=False,
            break_on_hyphens=False,
            subsequent_indent=" " * (len(line) - len(line.lstrip())),
        )
        for line in text.splitlines()
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
