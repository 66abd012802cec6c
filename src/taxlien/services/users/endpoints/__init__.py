"""``/v1/users``: people and what is kept of them, for themselves and for those who look after them."""

from __future__ import annotations

from fastapi import APIRouter

from . import avatars, kyc, privacy, profile, reviewing, tiers

router = APIRouter(tags=["users"])
# Fixed words come before {user_id} in the same place.
for part in (tiers, avatars, kyc, privacy, profile, reviewing):
    router.include_router(part.router)
