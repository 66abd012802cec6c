"""Templates of mails: MJML assembled and compiled once for each kind and language, then filled in.

A template is one file of words, ``templates/<kind>/<language>.j2``. Its ``[% ... %]`` and ``[[ ... ]]``
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
from typing import Any, NamedTuple

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from taxlien.services.notifications.logic.wording import moment

FOLDER = Path(__file__).with_name("templates")
_WIDTH = 76
_PARTS = ("subject", "html", "text")


class Rendered(NamedTuple):
    """A mail's words; ``subject`` is one line."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Sources:
    """A template as compiled: Jinja text with nothing left but parameters. For tests and previews."""

    subject: str
    html: str
    text: str


def render(kind: str, language: str, parameters: Mapping[str, object], *, web_url: str) -> Rendered:
    """Return a mail of ``kind``. Raises ``jinja2.UndefinedError`` where a parameter is missing."""
    compiled = _compiled(kind, language)
    values = {**parameters, "web_url": web_url}
    subject, html, text = (compiled[part].render(values) for part in _PARTS)
    return Rendered(" ".join(subject.split()), html, _wrapped(text))


@cache
def sources(kind: str, language: str) -> Sources:
    """Return the three texts of a template with its layout put in and its MJML compiled."""
    name = f"{kind}/{language}.j2"
    words = _assembling().get_template(name)
    mjml = words.render(form="form.mjml", parts="parts.mjml", language=language)
    output = mrml.to_html(mjml.strip())
    if output.warnings:
        raise ValueError(f"{name} is not MJML: {output.warnings[0]}")
    subject = "".join(
        words.blocks["subject"](words.new_context({"form": "form.txt", "parts": "parts.txt"}))
    )
    text = words.render(form="form.txt", parts="parts.txt", language=language)
    return Sources(subject.strip(), output.content, text.strip() + "\n")


@cache
def _compiled(kind: str, language: str) -> dict[str, Template]:
    found = sources(kind, language)
    escaping, plain = filling(language, escape=True), filling(language, escape=False)
    return {
        "subject": plain.from_string(found.subject),
        "html": escaping.from_string(found.html),
        "text": plain.from_string(found.text),
    }


@cache
def filling(language: str, *, escape: bool) -> Environment:
    """Return the environment that fills in parameters, in one language."""
    environment = Environment(
        autoescape=escape,  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["moment"] = _moment_in(language)
    return environment


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


def _moment_in(language: str) -> Callable[[Any], str]:
    return lambda value: moment(str(value), language)


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
