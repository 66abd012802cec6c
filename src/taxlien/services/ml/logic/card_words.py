"""What the models say and look at, in the words of their cards. Figures come from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from .auction.features import MEMORIES
from .redemption.answer import WORDS

SAYS: Mapping[str, str] = {
    "redemption": (
        "The chance that the owner redeems a tax lien, in all and by 6, 12, 24 and 36 months after the sale,"
        " the months it takes, and what else can become of it. For investors who weigh a lien before a"
        " sale or hold one. It says nothing of the property, and does not decide about any person."
    ),
    "price": (
        "What a lien goes for at its sale: the rate, the bid for the property, or the premium, by what is"
        " bid in its state, with an interval meant to hold four of five outcomes and the chance that nobody"
        " bids. For investors who set a budget before a sale."
    ),
    "risk": (
        "How much of 100 dollars laid out is expected to be lost, of principal and by waiting at 8 % a"
        " year, as a score from 1 to 100. For investors who compare liens. Red flags are rules beside it,"
        " and no score hides one."
    ),
    "allocation": (
        "Which liens to buy for a budget: one of the ways that are compared when a portfolio is asked for."
    ),
}

_RISK: Mapping[str, str] = {
    "log_face": "the face amount",
    "premium_share": "the premium beside the face amount; more may never lower the risk",
    "redeemed_before": "liens of the parcel redeemed before; more may never raise it",
    "open_before": "liens of the parcel still open; more may never lower it",
    "unsold_before": "liens of the parcel that nobody bought before; more may never lower it",
}
_GROUPS: Mapping[str, str] = {
    "state": "the state", "county": "the county", "parcel": "the same parcel",
    "block": "parcels whose number begins alike (4 signs less)",
    "area": "parcels whose number begins alike (6 signs less)",
    "district": "parcels whose number begins alike (8 signs less)",
    "head": "parcels with the same first 6 signs",
    "state_face": "liens of like face in the state", "county_face": "liens of like face in the county",
    "state_value": "properties of like value in the state",
    "value": "properties of like value in the county",
    "value_home": "the same, homesteads apart", "area_value": "properties of like value near by",
    "county_offers": "all that the county offered", "parcel_offers": "the parcel, whenever offered",
    "block_offers": "all that was offered near by",
    "value_offers": "all of like value that the county offered",
    "face_offers": "all of like face that the county offered",
}  # fmt: skip
_OWN: Mapping[str, str] = {
    "face": "the face amount",
    "value": "the assessed value, and the face beside it",
    "homestead": "whether it is a homestead",
    "cents": "the cents of the face amount",
    "most": "the rate the state's bidding starts from",
    "compared": "face and value beside the county's and the parcel's last",
}


def features(name: str) -> list[tuple[str, str]]:
    """Return what a model looks at: a feature or a group of them, and what it means."""
    if name == "redemption":
        return list(WORDS.items())
    if name == "risk":
        return list(_RISK.items())
    if name != "price":
        return []
    groups = {memory.name: None for some in MEMORIES.values() for memory in some}
    told = [(f"{one}.*", f"what earlier sales of {_GROUPS[one]} brought") for one in groups]
    return [*told, *_OWN.items()]
