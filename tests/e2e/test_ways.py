"""What clinvk has no option for, had of the real agents in their own ways."""

import base64
import json

import pytest

from bed.command import Command
from bed.mock_model import MockModel
from clinvk.agents import registry as backends
from clinvk.agents.base import Capability

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"word": {"type": "string"}},
        "required": ["word"],
        "additionalProperties": False,
    }
)
SEEING = {"qwen": ["-m", "qwen3-vl-plus"]}
"""An agent whose usual model is one that cannot see is not sent a picture."""

ANSWERED = {
    "claude": '[[tool:StructuredOutput|{"word": "x"}]]',
    "codex": '[[say:{"word": "x"}]]',
    "qwen": '[[tool:structured_output|{"word": "x"}]]',
}
"""How the model answers in a form: some agents have it call a tool."""


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
@pytest.mark.parametrize("backend", _with(Capability.IMAGES))
def test_a_picture_reaches_the_model(clinvk: Command, server: MockModel, backend: str) -> None:
    """Named in an argument that is passed on, or in the prompt."""
    (clinvk.home.project / "dot.png").write_bytes(base64.b64decode(PICTURE))
    way = backends.get(backend).ways[Capability.IMAGES].replace("FILE", "dot.png")
    words = [f"--backend-arg={way}", "look"] if way.startswith("-") else [f"look {way}"]
    ran = clinvk("-b", backend, *SEEING.get(backend, []), *words)
    assert ran.exit_code == 0, ran.stderr
    sent = json.dumps(server.requests[-1].body)
    assert PICTURE[:32] in sent or "data:image/jpeg;base64," in sent  # one makes it a JPEG


@pytest.mark.every_agent
@pytest.mark.parametrize("backend", _with(Capability.BUDGET))
def test_a_limit_of_cost_ends_the_turn(clinvk: Command, backend: str) -> None:
    """Exit 9, and the figures of what was used until then."""
    way = backends.get(backend).ways[Capability.BUDGET].replace("USD", "0.000001")
    ran = clinvk("-b", backend, "-o", "json", f"--backend-arg={way}", "[[run:echo x]] hello")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (9, "budget_limit"), result
    assert result["usage"]["total_tokens"]


@pytest.mark.parametrize("backend", _with(Capability.ANSWER_SCHEMA))
def test_an_answer_has_the_form_that_was_asked_for(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """The model is told the schema, and the answer is the JSON and nothing else."""
    (clinvk.home.project / "form.json").write_text(SCHEMA)
    way = backends.get(backend).ways[Capability.ANSWER_SCHEMA]
    way = way.replace("SCHEMA", SCHEMA).replace("FILE", "form.json")
    ran = clinvk("-b", backend, "-o", "json", f"--backend-arg={way}", ANSWERED[backend]).json()
    assert json.loads(ran["text"]) == {"word": "x"}
    assert "additionalProperties" in json.dumps(server.requests[-1].body)
