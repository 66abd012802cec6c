"""Tyler iasWorld public access: datalets of a parcel, by mode."""

from taxlien.services.scraper.adapters.platforms.platform import Platform

from .parsing import IasWorld

PLATFORM: Platform = IasWorld()
