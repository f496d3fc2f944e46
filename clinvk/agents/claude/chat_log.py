"""Reads chat logs of agents: one message per line; those with `isMeta` are not a person's.

The lines of one answer share its `message.id`, and only the last of them has the final figures; the
figures of an answer without a `stop_reason` are not final. Sub-agents have files of their own, so
the usage of a turn with one is unknown.
"""

import re
from collections.abc import Iterable, Mapping

from clinvk.agents.kit.jsonl import count, items, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time, spoken
from clinvk.agents.kit.spending import main_tokens
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE, Usage, total_usage

Line = Mapping[str, Json]

_SYNTHETIC = "<synthetic>"
_SUB_AGENT = frozenset({"Task", "Agent", "Workflow"})
_INTERRUPTED = "[Request interrupted"
# Messages that the agent writes as if a person had sent them.
_NOT_A_PROMPT = re.compile(r"<(bash-std|local-command|task-notification|system-reminder)")
_SHELL = re.compile(r"<bash-input>(.*)</bash-input>", re.DOTALL)
_COMMAND = re.compile(r"<command-name>(/?[^<]*)</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*)</command-args>", re.DOTALL)
_TITLES = {"ai-title": "aiTitle", "custom-title": "customTitle"}
_NOTES = frozenset({"", "attachment", "mode", "progress", "summary", "system", "tag"})


def _is_note(entry: Line) -> bool:
    kind = text(entry.get("type"))
    return kind in _NOTES or "-" in kind


class ChatLog(Native):
    """One conversation per file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether there is a message; 2.1.332 resumes a file without one as an empty conversation.

        Each version has more kinds of other lines, most with a hyphen in their name.
        """
        return any(not _is_note(entry) for entry in filter(None, map(parse_object, lines)))

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns, without commands that the agent answered itself."""
        turns: list[_Turn] = []
        for entry in filter(None, map(parse_object, lines)):
            if entry.get("isSidechain") is True:
                if turns:
                    turns[-1].figures_known = False
            elif (prompt := _prompt(entry)) is not None:
                turns.append(_Turn(entry, prompt))
            elif turns:
                turns[-1].add(entry)
        return tuple(turn.build() for turn in turns if turn.answered or not turn.is_command)

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title: the last one that a person set in the agent's own screen, else its own."""
        found: dict[str, str] = {}
        for line in lines:
            if '-title"' not in line:
                continue
            entry = parse_object(line) or {}
            kind = text(entry.get("type"))
            title = text(entry.get(_TITLES.get(kind, "")))
            if title and entry.get("sessionId") in (None, conversation):
                found[kind] = title
        return found.get("custom-title") or found.get("ai-title")


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, entry: Line, prompt: str) -> None:
        super().__init__(text(entry.get("uuid")), prompt, parse_time(entry.get("timestamp")))
        self.ended_at = self.started_at
        self.is_command = prompt.startswith(("/", "!"))
        self.figures_known = True
        self._texts: dict[str, list[str]] = {}
        self._usage: dict[str, Usage | None] = {}

    @property
    def answered(self) -> bool:
        """Whether the model answered."""
        return bool(self._usage) or self.failed

    def add(self, entry: Line) -> None:
        """Add a line after the prompt."""
        kind, message = entry.get("type"), mapping(entry.get("message"))
        if kind == "user" and spoken(message.get("content")).startswith(_INTERRUPTED):
            self.interrupted = True
        elif kind == "assistant":
            self._answer(entry, message)
        if kind in ("user", "assistant"):
            self.ended_at = parse_time(entry.get("timestamp")) or self.ended_at

    def _answer(self, entry: Line, message: Line) -> None:
        answer_id = text(message.get("id"))
        blocks = [mapping(block) for block in items(message.get("content"))]
        said = [text(block.get("text")) for block in blocks if block.get("type") == "text"]
        if any(said):
            self._texts.setdefault(answer_id, []).extend(filter(None, said))
        if any(text(block.get("name")) in _SUB_AGENT for block in blocks):
            self.figures_known = False
        if message.get("model") == _SYNTHETIC:
            self.failed = entry.get("isApiErrorMessage") is True
            return
        self.failed = False
        self.model = text(message.get("model")) or self.model
        usage = mapping(message.get("usage"))
        tokens = main_tokens(usage) if message.get("stop_reason") is not None else None
        details = mapping(usage.get("output_tokens_details"))
        reasoning = count(details.get("thinking_tokens"))
        self._usage[answer_id] = None if tokens is None else tokens.usage(reasoning)

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        answers = [*self._texts.values()]
        self.text = "\n\n".join(answers[-1]) if answers else ""
        known = [usage for usage in self._usage.values() if usage is not None]
        whole = len(known) == len(self._usage) and self.figures_known
        usage = total_usage(known) if whole and not self.interrupted else UNKNOWN_USAGE
        self.interrupted = self.interrupted or not self.answered
        return self.turn(usage)


def _prompt(entry: Line) -> str | None:
    """The person's prompt in this line, None if the person did not write it."""
    if entry.get("type") != "user" or entry.get("isMeta") is True:
        return None
    if entry.get("isCompactSummary") is True or mapping(entry.get("origin")).get("kind") not in (
        None,
        "human",
    ):
        return None
    message = mapping(entry.get("message"))
    blocks = [mapping(block).get("type") for block in items(message.get("content"))]
    said = spoken(message.get("content"))
    if "tool_result" in blocks or said.startswith(_INTERRUPTED) or _NOT_A_PROMPT.match(said):
        return None
    if shell := _SHELL.match(said):
        return f"! {shell[1].strip()}"
    if command := _COMMAND.search(said):
        arguments = _ARGUMENTS.search(said)
        return " ".join(filter(None, (f"/{command[1].lstrip('/')}", arguments and arguments[1])))
    return said or ("[image]" if "image" in blocks else None)
