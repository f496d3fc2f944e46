"""`clinvk backends` on a machine that has the real agents."""

from bed.command import Command
from bed.homes import AgentHome
from clinvk.agents import registry as backends
from clinvk.agents.capability import Capability

# In this home codex has its key from a provider of its own, which nobody looks at.
SEEN_TO_BE_SIGNED_IN = {"claude", "gemini", "opencode", "qwen"}


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
    told = {name: state["signed_in"] for name, state in states.items()}
    assert told.pop("demo") == "not_needed"
    assert {name for name, one in told.items() if one == "yes"} == SEEN_TO_BE_SIGNED_IN
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
    for state in clinvk("backends", "--json").json():
        assert state["signed_in"] == ("not_needed" if state["name"] == "demo" else "unknown")
