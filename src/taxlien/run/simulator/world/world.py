"""The world: a seed, its counties, how many parcels each has, and what day it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from taxlien.run.simulator.world import assessments, auctions, liens, parcels
from taxlien.run.simulator.world.counties import County, played_counties


@dataclass(frozen=True, slots=True)
class World:
    """``each`` is how many parcels every county has."""

    seed: int
    counties: tuple[County, ...]
    each: int
    today: date

    @staticmethod
    def made(seed: int, counties: int, parcels: int, today: date) -> World:
        """Make a world of about ``parcels`` parcels. ValueError where there are not so many counties."""
        return World(seed, played_counties(counties), max(20, -(-parcels // counties)), today)

    def on(self, day: date) -> World:
        """The same world on another day."""
        return replace(self, today=day)

    def parcel(self, county: County, number: int) -> parcels.Parcel:
        """The parcel of a number from 0 to ``each - 1``."""
        return parcels.parcel(self.seed, county, number)

    def parcel_named(self, county: County, parcel_id: str) -> parcels.Parcel | None:
        """The parcel of that id, if there is one."""
        number = parcels.parcel_number(self.seed, county, parcel_id, self.each)
        return None if number is None else self.parcel(county, number)

    def parcel_id(self, county: County, number: int) -> str:
        """The id alone: cheaper than the parcel."""
        return parcels.parcel_id(self.seed, county, number)

    @property
    def rolls_out(self) -> int:
        """The year of the newest roll that is out."""
        return assessments.last_roll(self.today)

    def rolls(self, county: County, parcel: parcels.Parcel) -> tuple[assessments.Roll, ...]:
        """The newest rolls, newest first."""
        return assessments.rolls(self.seed, county, parcel, self.today)

    def bills(self, county: County, parcel: parcels.Parcel) -> tuple[assessments.Bill, ...]:
        """The last tax bills, newest first."""
        return liens.bills(self.seed, county, self.each, parcel, self.today)

    def transfers(self, county: County, parcel: parcels.Parcel) -> tuple[assessments.Sale, ...]:
        """Sales of the parcel, newest first."""
        return assessments.transfers(self.seed, county, parcel, self.today)

    def certificates_of(
        self, county: County, parcel: parcels.Parcel
    ) -> tuple[liens.Certificate, ...]:
        """The parcel's certificates, newest first."""
        return liens.certificates_of(self.seed, county, self.each, parcel, self.today)

    def held(self, county: County, tax_year: int) -> tuple[int, ...]:
        """Ordinals of a tax year's certificates that the county holds today."""
        return liens.held_by_county(self.seed, county, self.each, tax_year, self.today)

    def certificate_numbered(self, county: County, number: str) -> liens.Certificate | None:
        """The certificate of that id, if it was ever listed."""
        place = liens.place_of_id(number)
        if place is None or place[1] >= self.late or place[0] > self.advertised_year:
            return None
        return self.certificate(county, *place)

    @property
    def advertised_year(self) -> int:
        """The tax year of the newest list that is, or was, out."""
        return liens.advertised_year(self.today)

    @property
    def late(self) -> int:
        """How many certificates a county has of one tax year."""
        return liens.late_count(self.each)

    def certificate(self, county: County, tax_year: int, ordinal: int) -> liens.Certificate:
        """The certificate of that ordinal, from 0 to ``late - 1``."""
        return liens.certificate(self.seed, county, self.each, tax_year, ordinal, self.today)

    def paid_on(self, county: County, certificate: liens.Certificate) -> date | None:
        """The day on which a certificate's tax was paid, if it was by today."""
        number = certificate.parcel.number
        paid = liens.paid_late(self.seed, county, number, certificate.tax_year)
        return paid if paid and paid <= self.today else None

    def owes_more(self, county: County, certificate: liens.Certificate) -> bool:
        """Whether the certificate's parcel has another one that is unpaid."""
        number, year = certificate.parcel.number, certificate.tax_year
        return liens.owes_more(self.seed, county, self.each, number, year, self.today)

    def sale_days(self, county: County, year: int, month: int) -> tuple[auctions.SaleDay, ...]:
        """The days of sale in a month."""
        return auctions.sale_days(self.seed, county, self.each, year, month)

    def sale_on(self, county: County, day: date) -> auctions.SaleDay | None:
        """The sale of a day, if there is one."""
        return auctions.sale_on(self.seed, county, self.each, day)

    def items(self, county: County, sale: auctions.SaleDay) -> tuple[auctions.Item, ...]:
        """The items of a sale as they stand today."""
        return auctions.items(self.seed, county, self.each, sale, self.today)

    def millage(self, county: County) -> int:
        """The tax rate in ten-thousandths of a mill."""
        return assessments.millage(self.seed, county.index)
