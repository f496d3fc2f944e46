"""The whole final answer on the real agents, the same in every form of output."""

import json

import pytest

from bed.command import Command
from bed.mock_model import MockModel

BLOCKS = [
    pytest.param('[[say:{"a": ]][[then:1}]]', '{"a": 1}', id="two blocks"),
    pytest.param("[[say:one]][[rethink:hm]][[then: two]]", "one two", id="a thought between"),
]
SCHEMA = '{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}'
HELD = {
    "claude": ("StructuredOutput", f"--json-schema={SCHEMA}"),
    "qwen": ("structured_output", f"--json-schema={SCHEMA}"),
}


@pytest.mark.parametrize("backend", ["claude", "gemini", "opencode", "qwen"])
@pytest.mark.parametrize(("prompt", "answer"), BLOCKS)
def test_the_blocks_of_one_message_are_one_answer(
    clinvk: Command, backend: str, prompt: str, answer: str
) -> None:
    """Text mode, JSON, `show --answer` and an export say the same, joined as it was."""
    assert clinvk("-b", backend, prompt).stdout == f"{answer}\n"
    assert clinvk("sessions", "show", "@last", "--answer").stdout == f"{answer}\n"
    exported = clinvk("sessions", "export", "@last").stdout
    assert exported.endswith(f"### Answer\n\n> {answer}\n")
    streamed = clinvk("-c", "-o", "stream-json", prompt).stdout.splitlines()
    assert json.loads(streamed[-1])["text"] == answer


@pytest.mark.parametrize("backend", HELD)
def test_an_answer_held_to_a_schema_is_printed_and_has_its_value(
    clinvk: Command, backend: str
) -> None:
    """The agents give it through a tool, so that no message holds it."""
    tool, option = HELD[backend]
    prompt = f'Go. [[tool:{tool}|{{"a": 1}}]]'
    how = ("-b", backend, "--access", "full", f"--backend-arg={option}")
    assert json.loads(clinvk(*how, prompt).stdout) == {"a": 1}
    result = clinvk(*how, "-o", "json", prompt).json()
    assert (result["structured"], json.loads(result["text"])) == ({"a": 1}, {"a": 1})
    shown = clinvk("sessions", "show", "@last", "--turn", "1", "--json").json()
    assert shown["structured"] == {"a": 1}


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
def test_the_tokens_of_a_sub_agent_are_its_turns(clinvk: Command, server: MockModel) -> None:
    """Tokens and cost are of the same requests, in a first turn and in a further one."""
    asked = '{"description": "h", "prompt": "Help.", "subagent_type": "general-purpose"}'
    for how in (("-b", "claude", "--access", "full"), ("-c",)):
        since = len(server.billed)
        result = clinvk(*how, "-o", "json", f"Ask. [[tool:Task|{asked}]]").json()
        used = [bill.usage for bill in server.billed[since:]]
        assert len(used) > 2
        assert result["usage"]["input_tokens"] == sum(usage.input_tokens for usage in used)
        assert result["usage"]["output_tokens"] == sum(usage.output_tokens for usage in used)
