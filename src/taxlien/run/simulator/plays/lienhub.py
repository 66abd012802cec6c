"""LienHub: the advertised list of a coming sale behind a session's id, and what the county holds.

No page of it was there to compare with: this follows what its readers wrote down.
"""

from __future__ import annotations

import csv
import io
from hashlib import sha256
from typing import Any

import msgspec

from taxlien.interfaces.scraper import LienObserved
from taxlien.run.simulator.plays.freshness import fresh_token
from taxlien.run.simulator.plays.play import HostCard, dollars, full_day, money, safe
from taxlien.run.simulator.serving.messages import (
    CSV,
    Answer,
    Request,
    json_answer,
    not_found,
    page,
)
from taxlien.run.simulator.world.liens import CERTIFICATE_YEARS, Certificate
from taxlien.run.simulator.world.world import World

ROWS_A_PAGE = 100
_VISIT = "lh_session"


class LienHubPlay:
    """One county's sale."""

    def __init__(self, card: HostCard) -> None:
        self.card = card
        self.slug = card.county.name.lower().replace(" ", "-").replace(".", "")

    def respond(self, request: Request, world: World) -> Answer:
        """Answer the sale's main page, its list, and the county's certificates."""
        match request.path.lower().removeprefix(f"/county/{self.slug}"):
            case "/certsale/main":
                return self._sale(request, world)
            case "/countyheld/certificates":
                return self._held(request, world)
            case _:
                return not_found()

    def site(self, world: World) -> dict[str, Any]:
        """The advertised list while it is out, and what the county holds."""
        held, listed = len(self._held_places(world)), world.late if self._season(world) else 0
        return {
            "expected": {
                "seasonal": True,
                "min_records": (held + listed) // 2,
                "max_records": 3 * (held + world.late) + 50,
                "max_change": 20.0,
                "required": {"parcel_id": 0.99},
            },
            "ids": {"slug": self.slug},
        }

    def truth(self, key: str, world: World) -> LienObserved | dict[str, Any] | None:
        """``advertised/N`` and ``held/N`` give the N-th row from 0; ``counts`` says how many there are."""
        kind, _, number = key.partition("/")
        held = self._held_places(world)
        if kind == "counts":
            return {"advertised": world.late if self._season(world) else 0, "held": len(held)}
        if not number.isdecimal():
            return None
        if kind == "advertised" and self._season(world) and int(number) < world.late:
            return self._advertised_truth(self._certificate(world, int(number)))
        if kind == "held" and int(number) < len(held):
            return self._held_truth(world.certificate(self.card.county, *held[int(number)]))
        return None

    def _certificate(self, world: World, ordinal: int) -> Certificate:
        return world.certificate(self.card.county, world.advertised_year, ordinal)

    def _season(self, world: World) -> bool:
        return world.today <= self._certificate(world, 0).sale_day

    def _held_places(self, world: World) -> list[tuple[int, int]]:
        newest = world.advertised_year
        return [
            (year, ordinal)
            for year in range(newest, newest - CERTIFICATE_YEARS, -1)
            for ordinal in world.held(self.card.county, year)
        ]

    def _advertised_truth(self, certificate: Certificate) -> LienObserved:
        return LienObserved(
            kind="certificate",
            status="advertised",
            parcel_id=certificate.parcel.parcel_id,
            advertising_number=str(certificate.ordinal + 1),
            tax_year=certificate.tax_year,
            face_amount=money(certificate.face),
            homestead=certificate.parcel.homestead,
        )

    def _held_truth(self, certificate: Certificate) -> LienObserved:
        held = certificate.parcel
        return LienObserved(
            kind="certificate",
            status="available",
            parcel_id=held.parcel_id,
            certificate_number=certificate.number,
            advertising_number=str(certificate.ordinal + 1),
            tax_year=certificate.tax_year,
            amount_due=money(certificate.face * 109 // 100),
            situs_address=held.situs or None,
        )

    def _unique(self, visit: str) -> str:
        return sha256(f"{self.card.host} {visit}".encode()).hexdigest()[:32]

    def _sale(self, request: Request, world: World) -> Answer:
        """The main page begins the visit; the list wants its id, the next page the token of the last."""
        visit = request.cookie(_VISIT)
        asked = request.parameters
        if not visit or not self._season(world) or asked.get("unique_id") != self._unique(visit):
            return self._main(visit, world)
        if asked.get("use_this") == "download_advertised_list":
            return self._download(world)
        number, pages = 1, -(-world.late // ROWS_A_PAGE)
        if request.method == "POST":
            form = request.form
            shown = form.get("shown", "")
            if not self._is_ours(form.get("SEC", ""), visit, shown):
                return self._main(visit, world)
            wanted = form.get("page_number", "1")
            # Beyond the end the last page is given again.
            number = min(max(1, int(wanted) if wanted.isdecimal() else 1), pages)
        return self._list(visit, number, pages, world)

    def _token(self, visit: str, shown: str, salt: str | None = None) -> str:
        """Another one in every answer: the half that is new seals what the token is good for."""
        salt = salt or fresh_token()[:20]
        return salt + sha256(f"{visit} {shown} {salt}".encode()).hexdigest()[:20]

    def _is_ours(self, token: str, visit: str, shown: str) -> bool:
        return len(token) == 40 and token == self._token(visit, shown, token[:20])

    def _title(self, world: World) -> str:
        year = world.advertised_year + 1
        return f"{year} {safe(self.card.county.full_name)} Tax Lien Auction"

    def _main(self, visit: str | None, world: World) -> Answer:
        visit = visit or fresh_token()[:20]
        unique = self._unique(visit)
        links = "The advertised list will be posted in April."
        if self._season(world):
            links = "".join(
                f'<li><a href="/county/{self.slug}/certsale/main?unique_id={unique}&amp;use_this={use}">'
                f"{words}</a></li>\n"
                for use, words in (
                    ("print_advertised_list", "View the advertised list"),
                    ("download_advertised_list", "Download the advertised list"),
                )
            )
        body = _MAIN.format(title=self._title(world), links=links)
        return page(body, headers=[("Set-Cookie", f"{_VISIT}={visit}; path=/{self.card.host}")])

    def _list(self, visit: str, number: int, pages: int, world: World) -> Answer:
        first = (number - 1) * ROWS_A_PAGE
        rows = "".join(
            self._row(self._certificate(world, n))
            for n in range(first, min(first + ROWS_A_PAGE, world.late))
        )
        back = (
            f'<a href="javascript:go_to_page({number - 1})">&lt;&lt; Prev</a>' if number > 1 else ""
        )
        on = (
            f'<a href="javascript:go_to_page({number + 1})">Next &gt;&gt;</a>'
            if number < pages
            else ""
        )
        return page(
            _LIST.format(
                title=self._title(world),
                rows=rows,
                number=number,
                token=self._token(visit, str(number)),
                paging=f"{back} {on}",
            )
        )

    def _row(self, certificate: Certificate) -> str:
        held = certificate.parcel
        cells = (
            str(certificate.ordinal + 1),
            held.parcel_id,
            "Yes" if held.homestead else "",
            held.legal[:30].strip(),
            held.owner,
            dollars(certificate.face),
        )
        style = "odd" if certificate.ordinal % 2 else "even"
        return f'<tr class="{style}">' + "".join(f"<td>{safe(c)}</td>" for c in cells) + "</tr>\n"

    def _download(self, world: World) -> Answer:
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(
            ("Adv No.", "Account No.", "Homestead", "Legal 1", "Owner Name", "Face Amount")
        )
        for n in range(world.late):
            certificate = self._certificate(world, n)
            held = certificate.parcel
            mark = "1" if held.homestead else ""
            face = f"{money(certificate.face)}"
            rows.writerow((n + 1, held.parcel_id, mark, held.legal, held.owner, face))
        return Answer(text.getvalue().encode(), kind=CSV)

    def _held(self, request: Request, world: World) -> Answer:
        """The page has no rows: its script asks for them with the token that it carries."""
        if request.method != "POST":
            cookie = ("Set-Cookie", f"{_VISIT}=held; path=/{self.card.host}")
            token = self._token("held", self.card.host)
            return page(_HELD.format(title=self._title(world), token=token), headers=[cookie])
        form = request.form
        token = form.get("csrf_token", "")
        if not self._is_ours(token, "held", self.card.host) or not request.cookie(_VISIT):
            return page(
                "<html><title>403 Forbidden</title><h1>403 Forbidden</h1></html>", status=403
            )
        try:
            asked = msgspec.json.decode(form.get("datatables_ajax_data", "{}"))
            start, length = int(asked.get("start", 0)), int(asked.get("length", 25))
        except (msgspec.DecodeError, TypeError, ValueError, AttributeError):
            start, length = 0, 25
        places = self._held_places(world)
        rows = [
            self._held_row(world.certificate(self.card.county, *place))
            for place in places[max(0, start) : max(0, start) + min(length, 5_000)]
        ]
        answer = {
            "draw": 1,
            "recordsTotal": len(places),
            "recordsFiltered": len(places),
            "data": rows,
        }
        return json_answer(answer)

    def _held_row(self, certificate: Certificate) -> dict[str, Any]:
        held = certificate.parcel
        return {
            "account_number": held.parcel_id,
            "tax_year": certificate.tax_year,
            "certificate_number": certificate.number,
            "issued_date": full_day(certificate.sale_day),
            "expiration_date": full_day(
                certificate.sale_day.replace(year=certificate.tax_year + 8)
            ),
            "purchase_amt": dollars(certificate.face * 109 // 100),
            "issued_date_year": certificate.sale_day.year,
            "extended_data_advertised_number": str(certificate.ordinal + 1),
            "property_address": held.situs,
            "legal_description": held.legal,
            "assessed_value": None,
            "certs_issued": 1,
            "certs_redeemed": 0,
            "certs_outstanding": 1,
        }


_MAIN = """<!DOCTYPE html>
<html><head><title>{title}</title></head><body><h1>{title}</h1>
<ul>
{links}
</ul></body></html>
"""
_LIST = """<!DOCTYPE html>
<html><head><title>{title}</title></head><body><h1>{title}</h1>
<form method="post" id="paging" name="paging">
<input type="hidden" name="page_number" value="{number}">
<input type="hidden" name="shown" value="{number}">
<input type="hidden" name="SEC" value="{token}">
</form>
<div class="paging">{paging}</div>
<table class="adv_list"><thead><tr><th>Adv No</th><th>Account No</th><th>Homestead</th><th>Legal 1</th>
<th>Owner Name</th><th>Face Amount</th></tr></thead><tbody>
{rows}</tbody></table>
</body></html>
"""
_HELD = """<!DOCTYPE html>
<html><head><title>{title}: county held certificates</title><meta name="csrf_token" content="{token}"></head>
<body><h1>County Held Certificates</h1>
<table id="certs" class="display"><thead><tr><th>Account</th><th>Tax Year</th><th>Certificate</th></tr>
</thead><tbody></tbody></table></body></html>
"""
