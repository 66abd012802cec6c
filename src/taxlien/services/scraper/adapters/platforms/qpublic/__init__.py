"""qPublic (Schneider Geospatial): reports of parcels, by county."""

from taxlien.services.scraper.adapters.platforms.platform import Platform

from .parsing import SchneiderPlatform

PLATFORM: Platform = SchneiderPlatform("qpublic")
