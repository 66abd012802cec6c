"""``/v1/auth``: sign up, sign in, stay signed in, look after one's account."""

from fastapi import APIRouter

from . import accounts, factors, oauth, passkeys, signing_in, signing_up

router = APIRouter(tags=["auth"])
for part in (signing_up, signing_in, accounts, factors, passkeys, oauth):
    router.include_router(part.router)
