"""Whether a file of an agent's holds anything that it could go on with."""

from collections.abc import Callable, Iterable

import pytest

from clinvk.agents.claude import chat_log
from clinvk.agents.qwen import parts_log

Holds = Callable[[Iterable[str]], bool]


@pytest.mark.parametrize(
    ("holds", "line", "held"),
    [
        (chat_log.holds_a_message, '{"type": "queue-operation"}', False),
        (chat_log.holds_a_message, '{"type": "attachment"}', False),
        (chat_log.holds_a_message, '{"type": "user"}', True),
        (chat_log.holds_a_message, '{"type": "assistant"}', True),
        (chat_log.holds_a_message, '{"type": "utterance"}', True),
        (parts_log.holds_a_message, '{"type": "system", "subtype": "ui_telemetry"}', False),
        (parts_log.holds_a_message, '{"type": "system", "subtype": "chat_compression"}', True),
        (parts_log.holds_a_message, '{"type": "user"}', True),
        (parts_log.holds_a_message, '{"type": "utterance"}', True),
    ],
)
def test_a_note_of_the_agents_own_is_no_message(holds: Holds, line: str, *, held: bool) -> None:
    """A kind of line that nobody knows may be one."""
    noise = ["", "\0" * 40, "{}", "[]", '{"type": 1}', '{"type": "us']
    assert holds([*noise, line, *noise]) is held
    assert not holds(noise)
