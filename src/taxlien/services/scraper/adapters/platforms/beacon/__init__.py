"""Beacon (Schneider Geospatial): the application that serves qPublic, under its own name and host."""

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.adapters.platforms.qpublic.parsing import SchneiderPlatform

PLATFORM: Platform = SchneiderPlatform("beacon")
