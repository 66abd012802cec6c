"""mygovonline.com: tax bills and certificates of an account."""

from taxlien.services.scraper.adapters.platforms.platform import Platform

from .parsing import MyGovOnline

PLATFORM: Platform = MyGovOnline()
