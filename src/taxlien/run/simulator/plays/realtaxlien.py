"""RealTaxLien: batches of certificates that a county holds, the list of a coming sale, one popup each."""

from __future__ import annotations

from typing import Any

from taxlien.run.simulator.plays.play import HostCard, safe
from taxlien.run.simulator.plays.realtaxlien_pages import (
    BATCHES,
    CLOSED,
    FRAME,
    ITEMS_A_PAGE,
    NOBODY,
    list_body,
    popup,
)
from taxlien.run.simulator.plays.realtaxlien_truth import listed, observed
from taxlien.run.simulator.serving.messages import Answer, Request, not_found, page
from taxlien.run.simulator.world.liens import CERTIFICATE_YEARS, Certificate
from taxlien.run.simulator.world.world import World


class RealTaxLienPlay:
    """One county's certificates."""

    def __init__(self, card: HostCard) -> None:
        self.card = card

    def respond(self, request: Request, world: World) -> Answer:
        """Answer ``index.cfm`` by its folder, and the popup."""
        if request.path.lower() == "/popup/popup-certificates.cfm":
            certificate = world.certificate_numbered(
                self.card.county, request.form.get("certID", "")
            )
            return page(self._popup(certificate, world) if certificate else NOBODY)
        if request.path.lower() not in {"/", "/index.cfm"}:
            return not_found()
        match request.parameters.get("folder", "home").lower():
            case "searchcert":
                return self._batch(request, world)
            case "itemsetcountyheld":
                return self._batches(world)
            case "previewitems":
                return self._preview(request, world)
            case _:
                return self._framed("Home", "<p>Welcome.</p>")

    def batches(self, world: World) -> tuple[int, ...]:
        """Certificate years of which the county holds something: a batch is named after its year."""
        newest = world.advertised_year
        years = range(newest, newest - CERTIFICATE_YEARS, -1)
        return tuple(y + 1 for y in years if world.held(self.card.county, y))

    def site(self, world: World) -> dict[str, Any]:
        """Every batch, with the popup of every certificate."""
        held = sum(len(world.held(self.card.county, year - 1)) for year in self.batches(world))
        coming = world.late if self._season(world) else 0
        return {
            "expected": {
                "seasonal": True,
                "min_records": (held + coming) // 2,
                "max_records": 3 * (held + coming) + 50,
                "max_change": 2.0,
                "required": {"face_amount": 0.45, "parcel_id": 0.99},
            },
            "quirks": {"details": "yes", **({"preview": "yes"} if coming else {})},
        }

    def truth(self, key: str, world: World) -> dict[str, Any] | None:
        """By the certificate's id: what its row says, and what its popup says of it and the parcel."""
        certificate = world.certificate_numbered(self.card.county, key)
        if certificate is None:
            return None
        lien, parcel = observed(
            certificate, self._roll(certificate, world), self._others(certificate, world)
        )
        return {"listed": listed(certificate, self.card.county), "lien": lien, "parcel": parcel}

    def _season(self, world: World) -> bool:
        """Whether a list of a coming sale is out."""
        sale = world.certificate(self.card.county, world.advertised_year, 0).sale_day
        return world.today <= sale

    def _roll(self, certificate: Certificate, world: World) -> Any:
        return world.rolls(self.card.county, certificate.parcel)[0]

    def _others(self, certificate: Certificate, world: World) -> tuple[Certificate, ...]:
        every = world.certificates_of(self.card.county, certificate.parcel)
        return tuple(c for c in every if c.tax_year != certificate.tax_year)

    def _popup(self, certificate: Certificate, world: World) -> str:
        return popup(
            certificate,
            self.card.county,
            self._roll(certificate, world),
            self._others(certificate, world),
            world.today,
        )

    def _batches(self, world: World) -> Answer:
        rows = "".join(
            f'<tr class="evenRow"><td><a href="index.cfm?folder=searchCert&itemSetDID={year}">Batch {year}'
            f"</a></td><td>{len(world.held(self.card.county, year - 1))}</td></tr>\n"
            for year in self.batches(world)
        )
        return self._framed("County Held Batches", BATCHES.format(rows=rows))

    def _batch(self, request: Request, world: World) -> Answer:
        asked = request.parameters.get("itemsetdid", "")
        year = int(asked) if asked.isdecimal() and len(asked) == 4 else 0
        if year not in self.batches(world):
            return self._closed(world)
        ordinals = world.held(self.card.county, year - 1)
        return self._listed(request, world, year - 1, ordinals, held=True)

    def _preview(self, request: Request, world: World) -> Answer:
        if not self._season(world):
            return self._closed(world)
        ordinals = tuple(range(world.late))
        return self._listed(request, world, world.advertised_year, ordinals, held=False)

    def _listed(
        self, request: Request, world: World, year: int, ordinals: tuple[int, ...], *, held: bool
    ) -> Answer:
        pages = max(1, -(-len(ordinals) // ITEMS_A_PAGE))
        wanted = request.form.get("pageNum", "1") if request.method == "POST" else "1"
        number = min(max(1, int(wanted) if wanted.isdecimal() else 1), pages)
        shown = ordinals[(number - 1) * ITEMS_A_PAGE : number * ITEMS_A_PAGE]
        rows = [world.certificate(self.card.county, year, ordinal) for ordinal in shown]
        outstanding = {c.certificate_id: world.owes_more(self.card.county, c) for c in rows}
        body = list_body(
            rows, outstanding, self.card.county, (number, pages, len(ordinals)), held=held
        )
        return self._framed("Search Certificates" if held else "Preview Items for Sale", body)

    def _closed(self, world: World) -> Answer:
        sale = f"{world.advertised_year + 1} {safe(self.card.county.full_name)}"
        return self._framed("Preview Items for Sale", CLOSED.format(sale=sale))

    def _framed(self, heading: str, body: str) -> Answer:
        name = f"{safe(self.card.county.name.title())} {self.card.county.state}"
        return page(FRAME.format(county=name, heading=heading, body=body))
