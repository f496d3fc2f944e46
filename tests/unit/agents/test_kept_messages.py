"""Whether a conversation's file has anything that the agent could continue."""

from collections.abc import Callable, Iterable

import pytest

from clinvk.agents.claude.chat_log import ChatLog
from clinvk.agents.qwen.parts_log import PartsLog

Holds = Callable[[Iterable[str]], bool]


@pytest.mark.parametrize(
    ("holds", "line", "held"),
    [
        (ChatLog().has_content, '{"type": "queue-operation"}', False),
        (ChatLog().has_content, '{"type": "attachment"}', False),
        (ChatLog().has_content, '{"type": "user"}', True),
        (ChatLog().has_content, '{"type": "assistant"}', True),
        (ChatLog().has_content, '{"type": "utterance"}', True),
        (PartsLog().has_content, '{"type": "system", "subtype": "ui_telemetry"}', False),
        (PartsLog().has_content, '{"type": "system", "subtype": "chat_compression"}', True),
        (PartsLog().has_content, '{"type": "user"}', True),
        (PartsLog().has_content, '{"type": "utterance"}', True),
    ],
)
def test_a_note_of_the_agents_own_is_no_message(holds: Holds, line: str, *, held: bool) -> None:
    """A kind of line that nobody knows may be one."""
    noise = ["", "\0" * 40, "{}", "[]", '{"type": 1}', '{"type": "us']
    assert holds([*noise, line, *noise]) is held
    assert not holds(noise)
