"""``/v1/search``: finding liens, and searches that people keep."""

from __future__ import annotations

from fastapi import APIRouter

from . import saved, searching

router = APIRouter()
router.include_router(searching.router)
router.include_router(saved.router)
