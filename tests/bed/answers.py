"""What the mock model answers: the same for every API."""

import json
import re
import time
from collections.abc import Callable, Iterator

from bed.dialects import Ask, BrokenStreamError
from bed.directives import Call, Edit, Run, Script, Tool, Write, remembered_word

_PARTIAL = ("Partial ", "answer ", "so far ")
_WORDS = r".{1,%d}\S*\s*"


def next_call(ask: Ask, script: Script) -> Call | None:
    """The tool call that is due, None when it is time to answer or a tool has failed."""
    if ask.kind == "side" or any(ask.results) or not ask.tools:
        return None
    due = len(ask.results)
    return script.calls[due] if due < len(script.calls) else None


def answer_text(ask: Ask, script: Script) -> str:
    """The whole answer."""
    if ask.kind == "side":
        title = "A title by the agent"
        more = {"title": title, "branch": "a-branch", "isNewTopic": False}
        return title if ask.bare else json.dumps(more)
    if script.say is not None:
        return script.say
    if failed := next((result for result in ask.results if result), None):
        return f"It did not work: {failed[:200]}"
    if script.calls:
        return _done(script.calls[-1], ask.tools)
    *earlier, last = ask.prompts
    if (word := remembered_word(last, earlier)) is not None:
        return word
    return f"You said: {script.plain[:80]}. I remember {len(ask.prompts) - 1} earlier prompts."


def _done(call: Call, tools: frozenset[str]) -> str:
    match call:
        case Write() if not tools:  # an agent without tools reads the files off the answer
            return f"{call.path}\n```\n{call.content}\n```\n"
        case Write():
            return f"wrote {call.path}"
        case Edit():
            return f"edited {call.path}"
        case Run():
            return f"ran {call.command}"
        case Tool():
            return f"called {call.name}"


def answer_pieces(text: str, script: Script, wait_at_gate: Callable[[], None]) -> Iterator[str]:
    """The answer piece by piece, at the pace that the script asks for."""
    if script.gate or script.fail or script.cut:
        yield from _PARTIAL
        if script.fail or script.cut:
            raise BrokenStreamError(script.fail)
        wait_at_gate()
    for number, piece in enumerate(_cut(text, script.pieces)):
        if number and script.pause_s:
            time.sleep(script.pause_s)
        yield piece


def _cut(text: str, pieces: int | None) -> Iterator[str]:
    """That many pieces; else a few whole words each, so that a path is never split in two."""
    if pieces is None:
        size = 1 + len(text) // 5
        yield from (match.group() for match in re.finditer(_WORDS % size, text, re.DOTALL))
        return
    for number in range(pieces):
        start, end = (len(text) * edge // pieces for edge in (number, number + 1))
        yield text[start:end]
