"""Reads conversations that an agent keeps in a database: messages and their parts.

The queries return each message as a JSON text, with the important parts: the texts, what the steps
used, and whether a sub-agent was started. The output of tools is not loaded.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from clinvk.agents.kit.jsonl import count, items, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, from_epoch
from clinvk.agents.opencode.step_sum import SUB_AGENT_TOOL, StepSum
from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE, Usage, total_usage

Line = Mapping[str, Json]

_ABORTED = "MessageAbortedError"

CONVERSATION = """\
SELECT 0 AS at, '' AS id, json_object('session', id) FROM session WHERE id = :id
UNION ALL
SELECT time_created, id, json_object(
  'message', id,
  'role', json_extract(data, '$.role'),
  'parent', json_extract(data, '$.parentID'),
  'time', json_extract(data, '$.time'),
  'error', json_extract(data, '$.error'),
  'finish', json_extract(data, '$.finish'),
  'provider', json_extract(data, '$.providerID'),
  'model', json_extract(data, '$.modelID'),
  'summary', json_extract(data, '$.summary') IS 1,
  'said', (
    SELECT json_group_array(coalesce(json_extract(data, '$.text'), json_extract(data, '$.prompt')))
    FROM (SELECT data FROM part WHERE message_id = message.id ORDER BY id)
    WHERE json_extract(data, '$.type') IN ('text', 'subtask')
    AND json_extract(data, '$.synthetic') IS NOT 1),
  'steps', (
    SELECT json_group_array(json(data)) FROM part
    WHERE message_id = message.id AND json_extract(data, '$.type') = 'step-finish'),
  'tools', (
    SELECT json_group_array(DISTINCT json_extract(data, '$.tool')) FROM part
    WHERE message_id = message.id AND json_extract(data, '$.type') = 'tool'),
  'files', EXISTS (
    SELECT 1 FROM part
    WHERE message_id = message.id AND json_extract(data, '$.type') = 'file'))
FROM message WHERE session_id = :id
ORDER BY 1, 2"""
"""The session `:id` and then its messages, the oldest first."""

CONTENT = """\
SELECT 1 FROM session
JOIN message ON message.session_id = session.id
JOIN part ON part.message_id = message.id
WHERE session.id = :id
AND json_extract(part.data, '$.type') NOT IN ('step-start', 'step-finish', 'snapshot', 'patch')
AND (
  json_extract(revert, '$.messageID') IS NULL
  OR message.id < json_extract(revert, '$.messageID')
  OR message.id = json_extract(revert, '$.messageID')
  AND part.id < json_extract(revert, '$.partID'))
UNION ALL
SELECT 1 FROM session_message WHERE session_id = :id"""
"""A row for each part of the session `:id` that the model receives again, so not what was undone.

1.18.33 leaves its table `session_message` empty; a later version may use it.
"""

TITLE = "SELECT json_object('session', id, 'title', title) FROM session WHERE id = :id"
"""Only the session `:id`."""

NEWEST = """\
SELECT json_object('session', id, 'directory', directory, 'created', time_created) FROM session
WHERE parent_id IS NULL ORDER BY time_created DESC LIMIT 100"""
"""The latest sessions, without those of sub-agents."""


class MessageRows(Native):
    """The rows of one conversation; `untitled` is the prefix of its default titles."""

    def __init__(self, untitled: str) -> None:
        self._untitled = untitled

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns that a person began, without those that the agent began itself."""
        return tuple(turn.build() for turn in self._turns(lines))

    @staticmethod
    def _turns(lines: Iterable[str]) -> "Sequence[_Turn]":
        turns: dict[str, _Turn] = {}
        last: _Turn | None = None
        for entry in filter(None, map(parse_object, lines)):
            message = text(entry.get("message"))
            if entry.get("role") == "user" and (prompt := _prompt(entry)):
                last = turns[message] = _Turn(message, prompt, entry)
            elif entry.get("role") == "assistant" and last is not None:
                # A new prompt may come while the previous one is still being answered.
                turns.get(text(entry.get("parent")), last).add(entry)
        return list(turns.values())

    def used_by_last(self, prompts: int, lines: Iterable[str]) -> tuple[Usage, float | None]:
        """What the last `prompts` used and cost; unknown if that of one of them is."""
        sums = [turn.used for turn in self._turns(lines)[-prompts:]]
        if len(sums) < prompts or not all(one.usage.known for one in sums):
            return UNKNOWN_USAGE, None
        costs = [one.cost_usd for one in sums if one.cost_usd is not None]
        cost_usd = sum(costs) if len(costs) == prompts else None
        return total_usage(one.usage for one in sums), cost_usd

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title that the agent made, or that a person set in its own screen."""
        for entry in filter(None, map(parse_object, lines)):
            title = text(entry.get("title"))
            if entry.get("session") == conversation and not title.startswith(self._untitled):
                return title or None
        return None

    def conversation_start(self, line: str) -> BegunConversation | None:
        """The start of a session."""
        entry = parse_object(line) or {}
        session, cwd = text(entry.get("session")), text(entry.get("directory"))
        started_at = _parse_time(entry.get("created"))
        if not session or started_at is None:
            return None
        return BegunConversation(id=session, cwd=cwd, started_at=started_at)


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, message: str, prompt: str, entry: Line) -> None:
        super().__init__(message, prompt, _parse_time(mapping(entry.get("time")).get("created")))
        self.used = StepSum()
        self._last_error = ""

    def add(self, entry: Line) -> None:
        """Add a message of the agent; the last one says how the turn ended."""
        error, over = mapping(entry.get("error")), mapping(entry.get("time")).get("completed")
        if over and not error and not entry.get("finish"):
            return  # a shell command of the person: no model was asked
        for step in items(entry.get("steps")):
            self.used.add(mapping(step))
        if SUB_AGENT_TOOL in items(entry.get("tools")):
            self.used.mark_incomplete()
        spoken = "" if entry.get("summary") else _spoken(entry)
        self.text = spoken or self.text
        provider, model = text(entry.get("provider")), text(entry.get("model"))
        self.model = f"{provider}/{model}" if provider and model else self.model
        self.interrupted = error.get("name") == _ABORTED
        self.failed = bool(error) and not self.interrupted
        details = mapping(error.get("data"))
        self._last_error = text(details.get("message")) or text(error.get("name"))
        more = not error and entry.get("finish") == "tool-calls"
        self.ended_at = None if more else _parse_time(over)

    def build(self) -> NativeTurn:
        """The turn as far as it went; what a step used that was cut off is unknown."""
        ended = self.ended_at is not None
        known = ended and not self.interrupted
        self.text = self._last_error if self.failed else self.text
        self.interrupted = self.interrupted or not ended
        usage, cost_usd = self.used.usage, self.used.cost_usd
        return self.turn(usage, cost_usd=cost_usd) if known else self.turn(UNKNOWN_USAGE)


def _prompt(entry: Line) -> str:
    return _spoken(entry) or ("[file]" if entry.get("files") else "")


def _spoken(entry: Line) -> str:
    return "\n\n".join(filter(None, map(text, items(entry.get("said"))))).strip()


def _parse_time(value: Json) -> datetime | None:
    """The time in UTC of a number of milliseconds since 1970."""
    at_ms = count(value)
    return from_epoch(None if at_ms is None else at_ms / 1000)
