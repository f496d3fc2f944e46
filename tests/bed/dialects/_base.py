"""What a dialect is: one API's way to ask a model and to be answered.

A dialect reads a request into an `Ask` and writes a `Reply` back in the API's own form. It decides
nothing: what to answer is the same for every dialect (`answers.py`).
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from bed.directives import Block, Call, Refusal, Usage

Json = Any

# What stands in a prompt and was not typed: an agent's reminders, and earlier turns told by clinvk.
# Grok Build wraps what was typed, and says more about the machine before it; Copilot says the time.
_TOLD = re.compile(
    r"<(system-reminder|earlier-conversation|user_info|rules|current_datetime)>.*?</\1>", re.DOTALL
)
_WRAPPED = re.compile(r"<user_query>\s*(.*?)\s*</user_query>", re.DOTALL)
_ENVELOPE = re.compile(r"<([\w-]+)[^>]*>.*</\1>", re.DOTALL)
_SYNTHETIC = (
    *("[Request interrupted by user", "Continue from where you left off", "# AGENTS.md"),
    # Around a picture: Codex's marks, those of Gemini CLI and Qwen Code, and of newer Claude Code.
    *("<image", "</image>", "--- Content from referenced files", "Content from ", "--- End of"),
    *("Image overview: ", "[Image: source: "),
    "Image file at path ",  # Copilot CLI
)


def typed_by_a_person(text: str) -> str:
    """What of a user message's text a person typed; "" where the agent made all of it up."""
    rest = _WRAPPED.sub(r"\1", _TOLD.sub("", text)).strip()
    if _ENVELOPE.fullmatch(rest) or rest.startswith(_SYNTHETIC):
        return ""
    return rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request, as far as the answer depends on it.

    `prompts` are all that a person typed, oldest first. `results` are the outcomes of the tools
    that ran since the last of them: None if well, else the tool's words. `kind` is `side` for what
    an agent asks on its own account (a title, a summary), outside the conversation; `bare` is one
    that wants a title and nothing around it.
    """

    model: str
    stream: bool
    kind: Literal["main", "side"]
    prompts: tuple[str, ...]
    results: tuple[str | None, ...]
    tools: frozenset[str]
    bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. Iterating `pieces` takes as long as the answer takes, and may raise `Broken`.

    `blocks` come after them in the same message.
    """

    id: str
    usage: Usage
    think: str | None = None
    blocks: tuple[Block, ...] = ()
    pieces: Iterator[str]
    call: Call | None = None
    finish: str | None = None
    """Why the answer ends, in the API's own word; None for the usual end."""


class BrokenStreamError(Exception):
    """The answer ends here: with the API's own failure `type`, or with a dropped connection."""

    def __init__(self, type: str | None = None) -> None:  # noqa: A002  the word of both APIs
        super().__init__(type)
        self.type = type


class Dialect(ABC):
    """One API."""

    name: ClassVar[str]
    refusal_headers: ClassVar[Mapping[str, str]] = {}
    """What a refusal says besides."""

    path: ClassVar[str]
    """Where a model is asked, with POST; an example where the path depends on the model."""

    def serves(self, path: str) -> bool:
        """Whether a model is asked at this path."""
        return path == self.path

    @abstractmethod
    def read(self, body: Json, headers: Mapping[str, str]) -> Ask:
        """The request in our words; `:path`, as in HTTP/2, is one of the headers."""

    @abstractmethod
    def stream(self, ask: Ask, reply: Reply) -> Iterator[bytes]:
        """The answer as server-sent events."""

    @abstractmethod
    def whole(self, ask: Ask, reply: Reply) -> Json:
        """The answer as one object."""

    @abstractmethod
    def refusal(self, ask: Ask, refusal: Refusal) -> tuple[int, Json]:
        """Status and body of an error, as the provider has them."""

    def aside(self, method: str, path: str) -> Json | None:
        """The body for any other request that agents make, None if the API has no such path."""
        del method, path
        return None


def event(name: str, data: Mapping[str, Json]) -> bytes:
    """One server-sent event whose data repeats its name as `type`."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


def texts(content: str | Sequence[Mapping[str, Json]], kind: str) -> Iterator[str]:
    """The texts of a message's content, which may be a string or a list of parts."""
    if isinstance(content, str):
        yield content
        return
    yield from (part["text"] for part in content if part.get("type") == kind)
