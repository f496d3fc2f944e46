"""What clinvk has no option for, had of the real agents in their own ways."""

import pytest

from bed.command import Command
from clinvk.agents import registry as backends
from clinvk.agents.base import Capability


def _with(capability: Capability) -> list[str]:
    return [name for name in backends.built_in() if capability in backends.get(name).ways]


@pytest.mark.every_agent
@pytest.mark.parametrize("backend", _with(Capability.FORK))
def test_a_session_goes_on_with_a_copy_of_its_conversation(clinvk: Command, backend: str) -> None:
    """Under a new id of the agent's, which is the session's from then on; the old one stays."""
    way = backends.get(backend).ways[Capability.FORK]
    first = clinvk("-b", backend, "-o", "json", "one").json()
    before = len(clinvk.home.kept(backend))
    forked = clinvk("-c", "-o", "json", f"--backend-arg={way}", "two").json()
    assert "I remember 1 earlier" in forked["text"]
    assert forked["backend_session_id"] != first["backend_session_id"]
    assert len(clinvk.home.kept(backend)) == before + 1
    third = clinvk("-c", "-o", "json", "three").json()
    assert "I remember 2 earlier" in third["text"]
    assert third["backend_session_id"] == forked["backend_session_id"]
    assert third["usage"]["input_tokens"] == 100


@pytest.mark.every_agent
@pytest.mark.parametrize("backend", _with(Capability.BUDGET))
def test_a_limit_of_cost_ends_the_turn(clinvk: Command, backend: str) -> None:
    """Exit 9, and the figures of what was used until then."""
    way = backends.get(backend).ways[Capability.BUDGET].replace("USD", "0.000001")
    ran = clinvk("-b", backend, "-o", "json", f"--backend-arg={way}", "[[run:echo x]] hello")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (9, "budget_limit"), result
    assert result["usage"]["total_tokens"]
