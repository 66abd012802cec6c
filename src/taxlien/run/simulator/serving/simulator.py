"""The simulator itself: which host is asked, what it answers, what goes wrong, and what may be steered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import msgspec

from taxlien.run.simulator.plays.lists import ListPlay
from taxlien.run.simulator.plays.play import Play, site_file
from taxlien.run.simulator.serving.faults import FaultsOf, Rule
from taxlien.run.simulator.serving.messages import JSON, Answer, Request, json_answer, not_found
from taxlien.run.simulator.world.world import World

ROBOTS = b"User-agent: *\nDisallow: /private/\nCrawl-delay: 0\n"


class Simulator:
    """All played hosts. The only state is the day, the faults asked for, and counts.

    ``origin`` is where it is served, as site files say it; ``drops`` the folder that files are put into.
    """

    def __init__(
        self,
        world: World,
        plays: Mapping[str, Play],
        rules: tuple[Rule, ...] = (),
        *,
        drops: Path | None = None,
    ) -> None:
        self.world = world
        self._drops = drops
        self.plays = plays
        self.origin = ""
        self._faults = {host: FaultsOf(world.seed, host, rules) for host in plays}
        self._bytes = 0
        self._sites: tuple[date, bytes] | None = None
        self._drop_files()

    def _drop_files(self) -> None:
        for play in self.plays.values():
            if self._drops and isinstance(play, ListPlay):
                play.drop_into(self._drops, self.world)

    def respond(self, request: Request) -> Answer:
        """Answer one request. A mistake of a play is a 500 that says so, never a dead server."""
        host = request.path.split("/", 2)[1] if len(request.path) > 1 else ""
        try:
            answer = self._played(host, request) if host in self.plays else self._steered(request)
        except Exception as error:
            answer = json_answer({"mistake": f"{type(error).__name__}: {error}"}, status=500)
        self._bytes += len(answer.body)
        return answer

    def _played(self, host: str, request: Request) -> Answer:
        inner = request.under(host)
        if inner.path == "/robots.txt":
            return Answer(ROBOTS, kind="text/plain; charset=utf-8")
        faults = self._faults[host]
        rule = faults.chosen(inner)
        if rule and (instead := faults.before(rule, inner, host)):
            return instead
        return faults.after(rule, self.plays[host].respond(inner, self.world))

    def _steered(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/sites.json":
                return Answer(self._site_files(), kind=JSON)
            case "GET", "/simulator/status":
                return json_answer(self.status())
            case "POST", "/simulator/day":
                return self._to_day(request)
            case "POST", "/simulator/faults":
                return self._set_faults(request)
            case "GET", path if path.startswith("/simulator/truth/"):
                host, _, key = path.removeprefix("/simulator/truth/").partition("/")
                return self._truth(host, unquote(key))
            case _:
                return not_found("No such host is played; /sites.json lists them.")

    def status(self) -> dict[str, object]:
        """What is played, and what was asked and spoilt since the start."""
        served: dict[str, int] = {}
        for faults in self._faults.values():
            for fault, count in faults.served.items():
                served[fault] = served.get(fault, 0) + count
        return {
            "day": self.world.today.isoformat(),
            "seed": self.world.seed,
            "counties": len(self.world.counties),
            "parcels": self.world.each * len(self.world.counties),
            "hosts": {host: faults.requests for host, faults in self._faults.items()},
            "requests": sum(faults.requests for faults in self._faults.values()),
            "bytes": self._bytes,
            "faults": served,
        }

    def _site_files(self) -> bytes:
        """The site files of the day: many of them, and the same for everybody who asks."""
        if self._sites is None or self._sites[0] != self.world.today:
            files = [site_file(play, self.world, self.origin) for play in self.plays.values()]
            self._sites = (self.world.today, msgspec.json.encode(files))
        return self._sites[1]

    def _to_day(self, request: Request) -> Answer:
        """Go to ``day``, or ``days`` on (1 where nothing is said)."""
        asked = request.json
        try:
            if "day" in asked:
                day = date.fromisoformat(str(asked["day"]))
            else:
                day = self.world.today + timedelta(int(str(asked.get("days", 1))))
        except (ValueError, OverflowError):
            return json_answer({"error": "day is YYYY-MM-DD, days a number"}, status=422)
        self.world = self.world.on(day)
        self._drop_files()
        return json_answer({"day": day.isoformat()})

    def _set_faults(self, request: Request) -> Answer:
        """Give ``host`` (or every host, where none is named) other ``rules``; its count begins anew."""
        asked = request.json
        host = asked.get("host")
        try:
            rules = msgspec.convert(asked.get("rules", []), tuple[Rule, ...])
        except msgspec.ValidationError as error:
            return json_answer({"error": str(error)}, status=422)
        if host is not None and host not in self.plays:
            return json_answer({"error": f"no host {host!r} is played"}, status=422)
        for name in self.plays if host is None else [str(host)]:
            self._faults[name] = FaultsOf(self.world.seed, name, rules)
        return json_answer({"rules": rules})

    def _truth(self, host: str, key: str) -> Answer:
        play = self.plays.get(host)
        found = play.truth(key, self.world) if play else None
        if found is None:
            return json_answer({"error": f"no record {key!r} at {host!r}"}, status=404)
        return json_answer(found)
