"""`clinvk backends` on a machine that has the real agents."""

from collections.abc import Iterable
from typing import Any

from bed.command import Command
from bed.homes import AgentHome
from bed.setups import SETUPS
from clinvk.agents import registry as backends
from clinvk.agents.capability import Capability

AGENTS = SETUPS.items()


def test_the_agents_are_listed_with_what_is_known_of_them(clinvk: Command, home: AgentHome) -> None:
    """Installed, in a tested version, signed in as far as can be told, and what they can do."""
    states = {state["name"]: state for state in clinvk("backends", "--json").json()}
    assert states.keys() == set(backends.names())
    for name, state in states.items():
        known = backends.get(name)
        assert state["installed"], name
        # On a busy machine some take longer to say it than a person would wait.
        assert state["version"] in known.tested_versions or "within" in state["version_fault"]
        assert state["lacks"] == {can.value: why for can, why in known.lacks.items()}
        assert state["ways"] == {can.value: way for can, way in known.ways.items()}
        assert not set(state["supports"]) & state["lacks"].keys()
        assert "resume" in state["supports"]
    assert _signed_in(states.values()) == {name: one.seen_signed_in[0] for name, one in AGENTS}
    shown = clinvk("backends", "-v").stdout
    for name, state in states.items():
        row = next(line for line in shown.splitlines() if line.startswith(f"{name} "))
        assert f"  {state['title']}  " in row
        part = shown.partition(f"\n\n{name}\n")[2].partition("\n\n")[0]
        can, _, cannot = part.partition("  cannot: ")
        told_to = can.partition("  can: ")[2].splitlines()
        known = backends.get(name)
        for one in state["supports"]:
            assert Capability(one).meaning in map(str.strip, told_to)
        for one, why in state["lacks"].items():
            assert f"{Capability(one).meaning}: {why}" in cannot
        for one, way in known.ways.items():
            assert f"{one.meaning}: `" in can
            assert f"{way}`" in can
    home.sign_out()
    signed_out = clinvk("backends", "--json").json()
    assert _signed_in(signed_out) == {name: one.seen_signed_in[1] for name, one in AGENTS}


def _signed_in(states: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What is said of each agent; the demo never needs it."""
    told = {state["name"]: state["signed_in"] for state in states}
    assert told.pop("demo") == "not_needed"
    return told
