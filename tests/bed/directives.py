"""What a prompt tells the mock model to do: `[[word]]` or `[[word:argument]]`, anywhere in it.

    [[say:TEXT]]              answer TEXT
    [[long:N]]                answer N characters
    [[think:TEXT]]            reason first, where the API has it
    [[then:TEXT]]             a further block of text in the same message
    [[rethink:TEXT]]          reason again, between the blocks of that message
    [[write:PATH|CONTENT]]    write a file with the agent's tool (codex ends it with a newline),
                              then answer `wrote PATH`
    [[edit:PATH|OLD|NEW]]     change a file with the agent's tool, then answer `edited PATH`
    [[run:CMD]]               run a shell command with the agent's tool, then answer `ran CMD`
    [[delegate:PROMPT]]       give PROMPT to the sub-agent `helper` (claude's; others run nothing)
    [[tool:NAME|JSON]]        call the agent's tool of that name with these arguments
                              (codex: a server's tool by mcp__SERVER/NAME)
    [[steps:N]]               N harmless tool calls before the answer
    [[usage:in=,cached=,write=,out=,reasoning=]]   what each request of this turn is billed
    [[slow:N:MS]]             the answer in N pieces, MS milliseconds apart
    [[gate]]                  a few words, then wait for `release()`, then the rest
    [[hang]]                  accept the request and never answer
    [[error:STATUS]]          refuse with that status and the provider's own body; also
                              [[error:STATUS:TYPE]] and [[error:STATUS*2]] (twice, then succeed)
    [[refuse:STATUS|WORDS]]   refuse with that status and these words
    [[fail:TYPE]]             a few words, then the provider's failure within the stream
    [[cut]]                   a few words, then the connection is dropped
    [[finish:WORD]]           end the answer for that reason, in the provider's own word
    [[empty]]                 a whole answer without any text

A few plain words are understood as well, for prompts that are not the tests' own: "Create a file
named `NAME`" writes it, and "Which word did I ask you to remember?" is answered with WORD of an
earlier "Remember the word WORD".

Tool calls come first, in the order in which they stand; error, gate and the like belong to the
request that would give the answer.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_TO_CREATE = re.compile(r"^Create a file named `([^`\n]+)`", re.MULTILINE)
_TO_REMEMBER = re.compile(r"\bRemember the word (\w+)")
_DIRECTIVE = re.compile(r"\[\[(\w+)(?::(.*?))?\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one request is billed, in clinvk's words: cached and write are parts of input."""

    input_tokens: int = 100
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 10
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Write:
    """A file to write; the path as the prompt gave it."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Run:
    """A shell command to run."""

    command: str


@dataclass(frozen=True, slots=True)
class Delegate(Run):
    """A sub-agent to ask; where the tests know of none it is the shell command."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Background(Run):
    """A shell command that goes on beside the agent; where none can, it is run as any other."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A line of a file to replace."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the agent's own, by its name."""

    name: str
    arguments: Mapping[str, Any]


Call = Write | Edit | Run | Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An HTTP error in place of an answer: `times` of them, None for every time.

    `words` stand in place of the provider's own.
    """

    status: int
    type: str | None = None
    words: str | None = None
    times: int | None = None


Block = tuple[Literal["text", "think"], str]
"""A further block of a message: what it is, and what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One prompt, read: `plain` is what is left of it without the directives."""

    plain: str
    say: str | None = None
    think: str | None = None
    blocks: tuple[Block, ...] = ()
    calls: tuple[Call, ...] = ()
    usage: Usage = field(default_factory=Usage)
    pieces: int | None = None
    pause_s: float = 0.0
    refusal: Refusal | None = None
    fail: str | None = None
    gate: bool = False
    hang: bool = False
    cut: bool = False
    finish: str | None = None


def read_script(prompt: str) -> Script:
    """What `prompt` asks for; an unknown directive is a mistake of the test and raises."""
    found: dict[str, object] = {}
    calls: list[Call] = []
    blocks: list[Block] = []
    for match in _DIRECTIVE.finditer(prompt):
        word, argument = match.group(1), match.group(2) or ""
        if word in _CALLS:
            calls.extend(_CALLS[word](argument))
        elif word in _BLOCKS:
            blocks.append((_BLOCKS[word], argument))
        else:
            found |= _FIELDS[word](argument)
    calls.extend(Write(match[1], "OK") for match in _TO_CREATE.finditer(prompt))
    plain = " ".join(_DIRECTIVE.sub("", prompt).split())
    more: dict[str, Any] = {**found, "calls": tuple(calls), "blocks": tuple(blocks)}
    return Script(plain=plain, **more)


def remembered_word(prompt: str, earlier: Sequence[str]) -> str | None:
    """The word that `prompt` asks for, None if it asks for none; "none" if there never was one."""
    if "Which word did I ask you to remember?" not in prompt:
        return None
    words = [match[1] for text in earlier for match in _TO_REMEMBER.finditer(text)]
    return words[-1] if words else "none"


def _write(argument: str) -> list[Call]:
    path, _, content = argument.partition("|")
    return [Write(path.strip(), content)]


def _edit(argument: str) -> list[Call]:
    path, old, new = argument.split("|")
    return [Edit(path.strip(), old, new)]


def _tool(argument: str) -> list[Call]:
    name, _, arguments = argument.partition("|")
    return [Tool(name.strip(), json.loads(arguments))]


def _usage(argument: str) -> dict[str, object]:
    names = {
        "in": "input_tokens",
        "cached": "cached_tokens",
        "write": "cache_write_tokens",
        "out": "output_tokens",
        "reasoning": "reasoning_tokens",
    }
    pairs = (pair.split("=") for pair in argument.split(","))
    return {"usage": Usage(**{names[name.strip()]: int(value) for name, value in pairs})}


def _slow(argument: str) -> dict[str, object]:
    pieces, _, pause_ms = argument.partition(":")
    return {"pieces": int(pieces), "pause_s": int(pause_ms) / 1000}


def _error(argument: str) -> dict[str, object]:
    what, _, times = argument.partition("*")
    status, _, kind = what.partition(":")
    refusal = Refusal(status=int(status), type=kind or None, times=int(times) if times else None)
    return {"refusal": refusal}


def _refuse(argument: str) -> dict[str, object]:
    status, _, words = argument.partition("|")
    return {"refusal": Refusal(status=int(status), words=words)}


_CALLS: Mapping[str, Callable[[str], list[Call]]] = {
    "write": _write,
    "edit": _edit,
    "run": lambda command: [Run(command)],
    "background": lambda command: [Background(command)],
    "delegate": lambda prompt: [Delegate("true", prompt)],
    "tool": _tool,
    "steps": lambda count: [Run(f"true {step + 1}") for step in range(int(count))],
}
_BLOCKS: Mapping[str, Literal["text", "think"]] = {"then": "text", "rethink": "think"}
_FIELDS: Mapping[str, Callable[[str], dict[str, object]]] = {
    "say": lambda text: {"say": text},
    "long": lambda count: {"say": ("0123456789" * (int(count) // 10 + 1))[: int(count)]},
    "think": lambda text: {"think": text},
    "usage": _usage,
    "slow": _slow,
    "error": _error,
    "refuse": _refuse,
    "fail": lambda kind: {"fail": kind},
    "gate": lambda _: {"gate": True},
    "hang": lambda _: {"hang": True},
    "cut": lambda _: {"cut": True},
    "finish": lambda word: {"finish": word},
    "empty": lambda _: {"say": ""},
}
