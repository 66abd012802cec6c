"""How streets, units and places are abbreviated in addresses: USPS Publication 28, appendices B, C1, C2.

One name a line: the full word first, then what it is also written as. Words that stand for two names
(ST: street, saint) are not here but in ``TWO_NAMES``.
"""

from __future__ import annotations


def _written(table: str) -> dict[str, str]:
    """Return abbreviation -> full word."""
    rows = (line.split() for line in table.strip().splitlines())
    return {short: full for full, *shorts in rows for short in shorts}


SUFFIXES = """
alley allee ally aly
annex anex annx anx
arcade arc
avenue av ave aven avenu avn avnue
bayou bayoo byu
beach bch
bend bnd
bluff blf bluf
bluffs blfs
bottom bot btm bottm
boulevard blvd boul boulv bl bv
branch br brnch
bridge brdge brg
brook brk
brooks brks
burg bg
bypass byp bypa bypas byps
camp cmp
canyon canyn cnyn cyn
cape cpe
causeway causwa cswy
center cen cent centr centre cnter cntr ctr
circle cir circ circl crcl crcle cr
cliff clf
cliffs clfs
club clb
common cmn
corner cor
corners cors
course crse
court ct crt
courts cts
cove cv
creek crk
crescent cres crsent crsnt
crossing crssng xing
crossroad xrd
curve curv
dale dl
dam dm
divide div dv dvd
estate est
estates ests
expressway exp expr express expw expy
extension ext extn extnsn
falls fls
ferry frry fry
field fld
fields flds
flats flts
ford frd
forest forests frst
forge forg frg
fork frk
forks frks
freeway freewy frway frwy fwy
garden gardn grden grdn gdn
gardens gdns grdns
gateway gatewy gatway gtway gtwy
glen gln
green grn
grove grov grv
harbor harb harbr hbr hrbor
haven hvn
heights hts ht
highway highwy hiway hiwy hway hwy
hill hl
hills hls
hollow hllw holw holws hollows
inlet inlt
island islnd
islands islnds iss
junction jct jction jctn junctn juncton
keys kys
knoll knl knol
knolls knls
lake lk
lakes lks
landing lndg lndng
lane ln
light lgt
loaf lf
lock lck
lodge ldg ldge lodg
loop loops lp
manor mnr
manors mnrs
meadow mdw
meadows mdws medows
mill ml
mills mls
mission missn mssn msn
motorway mtwy
mountain mntain mntn mountin mtin mtn
mountains mntns mtns
orchard orch orchrd
oval ovl
overpass opas
park prk pk
parkway parkwy pkway pkwy pky pwy
passage psge
pines pnes
place pl
plain pln
plains plns
plaza plz plza
points pts
ports prts
prairie prr
ranch rnch ranches rnchs
rapid rpd
rapids rpds
rest rst
ridge rdg rdge
ridges rdgs
river riv rvr rivr
road rd
roads rds
route rte rt
shoal shl
shoals shls
shore shoar shr
shores shoars shrs
skyway skwy
spring spg spng sprng
springs spgs spngs sprngs
square sq sqr sqre squ
squares sqrs sqs
station sta statn stn
stream streme strm
streets sts
summit smt sumit sumitt
terrace ter terr
throughway trwy
trace traces trce
track tracks trak trk trks
trafficway trfy
trail trails trl trls tr
trailer trlr trlrs
tunnel tunel tunl tunls tunnels tunnl
turnpike trnpk turnpk tpke tpk
underpass upas
union un
valley vally vlly vly
valleys vlys
viaduct vdct viadct
view vw
views vws
village vill villag villg villiage vlg
villages vlgs
ville vl
vista vis vist vst vsta
walk walks wlk
wells wls
"""

NAMES = """
fort ft
mount mnt mt
north n
south s
east e
west w
northeast ne
northwest nw
southeast se
southwest sw
baltimore balto
brooklyn bklyn
chicago chgo
indianapolis indpls
jacksonville jax jville
minneapolis mpls
philadelphia phila phila
pittsburgh pgh pitts
township twp
"""

UNITS = """
unit apt apartment ste suite #
building bldg
room rm
space spc
floor flr
lot lt
penthouse ph
basement bsmt
"""

FULL = {**_written(SUFFIXES), **_written(NAMES), **_written(UNITS)}
"""What is written short -> the full word."""

TWO_NAMES: dict[str, tuple[str, str]] = {
    "st": ("street", "saint"),
    "str": ("street", "saint"),
    "dr": ("drive", "doctor"),
    "drv": ("drive", "doctor"),
    "pt": ("point", "port"),
}
"""Short forms of two names: what they are at the end of a street, and what they are before a name."""

STATES_TOO = frozenset(("ct", "mt", "ne"))
"""Short forms that are also states: court and Connecticut, mount and Montana, northeast and Nebraska."""

SUFFIX_WORDS = frozenset(
    [line.split()[0] for line in SUFFIXES.strip().splitlines()]
    + ["street", "drive", "point", "port", "way", "key"]
)
DIRECTIONS = frozenset(
    ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")
)
UNIT_WORDS = frozenset(line.split()[0] for line in UNITS.strip().splitlines())

HIGHWAYS: dict[tuple[str, ...], str] = {
    ("us",): "us",
    ("u", "s"): "us",
    ("united", "states"): "us",
    ("sr",): "sr",
    ("sh",): "sr",
    ("state",): "sr",
    ("st",): "sr",
    ("cr",): "county",
    ("county",): "county",
    ("co",): "county",
    ("cnty",): "county",
    ("fm",): "fm",
    ("i",): "interstate",
    ("interstate",): "interstate",
}
"""How a numbered road says whose it is."""

NEED_ROAD_WORD = frozenset(("state", "st", "county", "co", "cnty"))
"""Those that mean a road only with one of ``ROAD_WORDS`` after them: CO 5 may be Colorado."""

ROAD_WORDS = frozenset(("highway", "road", "route"))
"""What may stand between that and the number: STATE ROAD 50, US HWY 27, CO RD 210."""

_ORDINALS = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
""".split()  # noqa: SIM905
_TENS = "twent thirt fort fift sixt sevent eight ninet"


def ordinal(number: int) -> str:
    """Return ``22nd`` for 22."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"


ORDINALS = {
    **{word: n for n, word in enumerate(_ORDINALS, 1)},
    **{f"{ten}ieth": 10 * n for n, ten in enumerate(_TENS.split(), 2)},
}
"""First to ninetieth."""

TENS = {f"{ten}y": 10 * n for n, ten in enumerate(_TENS.split(), 2)}
"""Twenty to ninety: they make an ordinal with the word after them."""
