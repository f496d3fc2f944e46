"""What changes from one recording to the next, replaced by what does not."""

import re
from pathlib import Path

from bed.agents import Agents
from bed.homes import AgentHome
from bed.mock_model import MockModel

_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
_CALL = re.compile(r"(?<=_)1\d{12}(?=_\d)")
_OTHER_ID = re.compile(r"\b(ses|msg|prt)_[0-9a-zA-Z]{26}\b")
_TURN_ID = re.compile(r"\bturn-[0-9a-f]{32}\b")
_FIXED = re.compile(r"00000000-0000-4000-8000-[0-9]{12}")
_TIMES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'("\w*_ms":)\s*[0-9.]+'), r"\g<1>100"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "2026-01-01T00:00:00.000Z"),
    (re.compile(r"(Chunk ID: )[0-9a-f]+"), r"\g<1>000000"),
    (re.compile(r"(Wall time: )[0-9.]+"), r"\g<1>0.0000"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z"), "2026-01-01T00-00-00-000Z"),
    (re.compile(r"(PGID: )\d+"), r"\g<1>1"),
    (
        re.compile(r'("(?:timestamp|start|end|time|created_at)":)\s*1[0-9]{12}\b'),
        r"\g<1>1767225600000",
    ),
    (re.compile(r'("\w*Ms":)\s*[0-9.]+'), r"\g<1>100"),
    (re.compile(r"(?<=wd_project_)[0-9a-f]{12}\b"), "000000000000"),
    (re.compile(r'("\w+edAt":|"time_unix_ms":)\s*1[0-9]{12}\b'), r"\g<1>1767225600000"),
    (re.compile(r'("\w*sha256":)"[0-9a-f]{64}"'), r'\g<1>"0"'),
    (re.compile(r'("random_seed":)\d+'), r"\g<1>0"),
    (re.compile(r'("date":\s*")[^"]*GMT'), r"\g<1>Thu, 01 Jan 2026 00:00:00 GMT"),
    (re.compile(r"\b(run=|err_)[0-9a-f]{8}\b"), r"\g<1>00000000"),
    (re.compile(r"(cc-socks/)\d+"), r"\g<1>1"),
    (re.compile(r"(/claude-)\d+(/)"), r"\g<1>1000\g<2>"),
    (re.compile(r'("end_time":)\d+'), r"\g<1>1767225600000"),
    (re.compile(r'("(?:task|run)_id":)"[^"]+"'), r'\g<1>"0"'),
    (re.compile(r"(/tasks/)\w+(\.output)"), r"\g<1>0\g<2>"),
    (re.compile(r"(running in background with ID: )\w+"), r"\g<1>0"),
)


class Normaliser:
    """Makes the texts of one scene stable; an id keeps its stand-in through all of them."""

    def __init__(self, home: AgentHome, agents: Agents, server: MockModel) -> None:
        places = {
            home.project: "/project",
            home.home: "/home/user",
            home.bin: "/usr/local/bin",
            home.tmp: "/tmp",
            home.project.parent: "/scratch",
            agents.root: "/opt/agents",
        }
        self._names = {f"127.0.0.1:{server.port}": "127.0.0.1:4100"}
        for place, stand_in in places.items():
            self._names |= dict.fromkeys((str(place), str(place.resolve())), stand_in)
            self._names |= {_flat(str(place)): _flat(stand_in)}
        self._ids: dict[str, str] = {}
        self._calls: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text with stand-ins for paths, ids and times."""
        for name in sorted(self._names, key=len, reverse=True):
            text = text.replace(name, self._names[name])
        for pattern, stand_in in _TIMES:
            text = pattern.sub(stand_in, text)
        text = _UUID.sub(self._id, _CALL.sub(self._call, text))
        return _TURN_ID.sub(self._turn_id, _OTHER_ID.sub(self._other_id, text))

    def _id(self, match: re.Match[str]) -> str:
        found = match.group()
        if _FIXED.fullmatch(found):
            return found
        number = len(self._ids) + 1
        return self._ids.setdefault(found, f"00000000-0000-4000-8000-{number:012d}")

    def _call(self, match: re.Match[str]) -> str:
        """The moment that an agent makes a part of a call's id."""
        moment = 1767225600000 + len(self._calls)
        return self._calls.setdefault(match.group(), str(moment))

    def _turn_id(self, match: re.Match[str]) -> str:
        number = 1 + sum(known.startswith("turn-") for known in self._ids)
        return self._ids.setdefault(match.group(), f"turn-{number:032d}")

    def _other_id(self, match: re.Match[str]) -> str:
        found, kind = match.group(), match.group(1)
        if re.fullmatch(r"0{20}[0-9]{6}", found.removeprefix(f"{kind}_")):
            return found
        number = 1 + sum(known.startswith(f"{kind}_") for known in self._ids)
        return self._ids.setdefault(found, f"{kind}_{number:026d}")


def _flat(place: str) -> str:
    """A path as it is written in a folder's name."""
    return re.sub(r"[^a-zA-Z0-9]", "-", str(Path(place)))
