"""floridapa.com (GrizzlyLogic): property appraisers of small counties of Florida."""

from taxlien.services.scraper.adapters.platforms.platform import Platform

from .parsing import FloridaPa

PLATFORM: Platform = FloridaPa()
