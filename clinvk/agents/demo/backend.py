"""The demo agent that comes with clinvk: no model, no network, nothing to install.

Its program is `clinvk.agents.demo.program`, whose docstring describes its options and its output.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, SignIn
from clinvk.agents.demo.stream import DemoParser, usage_of
from clinvk.agents.kit.jsonl import items, mapping, parse_object
from clinvk.agents.kit.native import Native, from_epoch
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn
from clinvk.model.request import Invocation, TurnRequest
from clinvk.text.json_codec import json_line


class Agent(Backend):
    """Answers with the prompt that it received; it is only used if it is named."""

    title = "Demo"
    finds_conversation = "anywhere"
    executable = "clinvk-demo-agent"
    install_hint = "it comes with clinvk"
    preference = None
    tested_versions = ("1",)
    conversation_ids = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
    access_options = (
        AccessOption(("--access",), values={access.value: access for access in Access}),
    )
    variables = ("CLINVK_DEMO_DELAY_MS", "CLINVK_DEMO_HOME")
    tools = "run write"
    lacks: ClassVar[Mapping[Capability, str]] = {
        Capability.COST: "it costs nothing, so it reports no cost",
        Capability.FORK: "it has no such option",
        Capability.IMAGES: "it cannot read images",
        Capability.ANSWER_SCHEMA: "it has no such option",
        Capability.ADD_DIR: "it has no such option",
        Capability.EFFORT: "it does not think",
        Capability.BUDGET: "it costs nothing",
    }

    def invocation(self, request: TurnRequest) -> Invocation:
        """One turn of the agent's program, with the prompt on stdin."""
        argv = [self.executable]
        if request.conversation is not None:
            argv.append(f"--{'resume' if request.resume else 'session'}={request.conversation}")
        if request.ephemeral:
            argv.append("--no-persistence")
        if request.model is not None:
            argv.append(f"--model={request.model}")
        if request.access is not None:
            argv.append(f"--access={request.access.value}")
        if request.max_turns is not None:
            argv.append(f"--max-turns={request.max_turns}")
        files = {}
        if request.system_prompt is not None:
            argv.append("--system-prompt-file={system_prompt}")
            files["system_prompt"] = request.system_prompt
        prompt = request.prompt.encode("utf-8", errors="replace")
        asks = request.access is Access.ASK
        return Invocation(
            argv=(*argv, *request.backend_args),
            stdin=json_line({"type": "prompt", "text": prompt.decode()}) if asks else prompt,
            cwd=request.cwd,
            files=files,
            dialogue=asks,
        )

    def screen(self, request: TurnRequest) -> Invocation:
        """The program's own interactive screen."""
        headless = self.invocation(replace(request, prompt="", max_turns=None))
        program, *options = headless.argv
        return replace(headless, argv=(program, "--interactive", *options), dialogue=False)

    def native(self) -> "DemoConversations":
        """The reader of its conversations, one JSON object each."""
        return DemoConversations()

    def title_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """The conversation's own file."""
        return self.conversation_files(conversation, user_home, environ)

    def parser(self, request: TurnRequest) -> DemoParser:
        """A new parser; it does not need the request, because the figures cover only the turn."""
        del request
        return DemoParser()

    def locate_program(self, python: str) -> tuple[str, ...]:
        """The interpreter that runs clinvk; `-P` keeps the working directory off its path."""
        return (python, "-P", "-m", "clinvk.agents.demo.program")

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles:
        """One JSON file, named after the conversation; where the program's docstring says."""
        pattern = f"{escape(conversation)}.json"
        if chosen := environ.get("CLINVK_DEMO_HOME"):
            return ConversationFiles(Path(chosen), pattern)
        home = environ.get("CLINVK_HOME") or user_home / ".clinvk"
        return ConversationFiles(Path(home) / "demo", pattern, ours=True)

    def sign_in(self, user_home: Path, environ: Mapping[str, str]) -> SignIn:
        """It needs no sign-in."""
        del user_home, environ
        return SignIn(needed=False)


class DemoConversations(Native):
    """Reads the agent's file of a conversation: one line with one object."""

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns; their id is their position in the conversation."""
        kept = parse_object("".join(lines)) or {}
        return tuple(
            _native_turn(number, entry, kept.get("model"))
            for number, entry in enumerate(items(kept.get("turns")))
            if isinstance(entry, dict)
        )

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title that `/title` set."""
        del conversation
        title = mapping(parse_object("".join(lines))).get("title")
        return title if isinstance(title, str) else None


def _native_turn(number: int, entry: Mapping[str, Json], model: Json) -> NativeTurn:
    ended_at = _parse_time(entry.get("ended"))
    return NativeTurn(
        id=str(number),
        prompt=str(entry.get("prompt")),
        text=str(entry.get("answer") or ""),
        started_at=_parse_time(entry.get("started")),
        ended_at=ended_at,
        interrupted=ended_at is None,
        model=model if isinstance(model, str) else None,
        usage=usage_of(entry),
    )


def _parse_time(value: Json) -> datetime | None:
    return from_epoch(value if isinstance(value, float) else None)
