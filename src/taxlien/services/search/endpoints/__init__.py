"""``/v1/search``: finding liens, telling what was opened, and searches that people keep."""

from __future__ import annotations

from fastapi import APIRouter

from . import clicking, saved, searching
from .answering import keep_counts as at_stop
from .quick import shortcuts

__all__ = ["at_stop", "router", "shortcuts"]

router = APIRouter()
router.include_router(searching.router)
router.include_router(saved.router)
router.include_router(clicking.router)
