"""The same tool has the same name on every agent."""

import json
from pathlib import Path

import pytest

from clinvk.model.permission_rule import KINDS
from clinvk.model.tool_names import COMMAND, common_name

STREAMS = Path(__file__).parents[2] / "contract/streams"
BY_NAME = {
    "Bash": {"Bash", "run_shell_command", "bash", "command_execution", "run"},
    "Write": {"Write", "write_file", "write"},
    "Edit": {"Edit", "replace", "edit", "file_change"},
    "Fetch": {"WebFetch"},
    "Task": {"Task", "task", "agent"},
}


def test_every_tool_that_agents_were_recorded_with_has_its_common_name() -> None:
    """A name that is one agent's alone stays."""
    told = {name for path in STREAMS.glob("*/*/events.json") for name in _names(path)}
    assert {"run_shell_command", "command_execution", "write_file", "Bash"} <= told
    expected = {own: name for name, owns in BY_NAME.items() for own in owns}
    assert {own: common_name(own) for own in told & expected.keys()} == {
        own: name for own, name in expected.items() if own in told
    }
    assert common_name("AskUserQuestion") == "AskUserQuestion"
    assert common_name("mcp__github__read_file") == "mcp__github__read_file"


@pytest.mark.parametrize("rule", ["bash", "edit", "write", "read", "fetch"])
def test_a_name_in_a_rule_is_the_name_on_the_screen(rule: str) -> None:
    """What a person reads is what a rule is written with."""
    assert rule in KINDS
    assert common_name(rule) == rule.capitalize()
    assert COMMAND.lower() in KINDS


def _names(path: Path) -> set[str]:
    events = json.loads(path.read_text("utf-8"))
    if not isinstance(events, list):
        events = events["events"]
    return {
        str(event.get("name") or event.get("tool"))
        for event in events
        if event.get("event") in {"tool_use", "permission_request"}
    }
