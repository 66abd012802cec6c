"""Whether a report names an owner. Who it is, nobody keeps."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_cells import said, words
from taxlien.services.scraper.logic.reading_tables import cell_lines

_SUB_LABELS = {
    *(
        "",
        "owner",
        "owners",
        "owner s",
        "primary owner",
        "primary",
        "owner name",
        "name",
        "mailing address",
    ),
    *(
        "owner information",
        "owner address",
        "secondary owner",
        "current owner",
        "address",
        "co owner",
    ),
    *("owner name and address", "additional owner", "all owners", "show all owners", "show owners"),
    *("owner percent", "columns", "ownership", "deed holder", "contract holder", "owner type"),
}
_WITHHELD = ("confidential", "withheld", "protected", "no owner", "owner information is not")


_NUMBERED = re.compile(r"owner \d+")


def read_owner(module: LexborNode, title: str, into: Gathering) -> None:
    """Note whether the module holds a name: any text besides its own sub-labels.

    A name is an anchor on one page and a span on the next, in a list, a block or a row header. Where the
    elements for names can be told by their ids, only they count: an address alone names nobody.
    ``Confidential`` is not a name.
    """
    body = module.css_first(".module-content")
    if body is None:
        into.miss("owner_published", f"{title} has no content")
        return
    places = body.css("[id*=OwnerName]") or [body]
    lines = [line for place in places for line in cell_lines(place) if _may_be_name(line)]
    named = bool(lines) and not lines[0].lower().startswith(_WITHHELD)
    into.take("owner_published", named, title)


def _may_be_name(line: str) -> bool:
    plain = words(line)
    return plain not in _SUB_LABELS and not _NUMBERED.fullmatch(plain) and said(line) is not None
