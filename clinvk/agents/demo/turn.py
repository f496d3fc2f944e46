"""One prompt of the demo agent: it executes the directives, then it answers.

Only the demo agent imports this.
"""
# It uses os.path, because it has to start within a few milliseconds after Python itself.
# ruff: noqa: PTH123

import os
import re
import sys
import time
from collections.abc import Callable

from clinvk.agents.demo.conversation import Conversation, Failed

WRITERS = ("edit", "full")
DELAY_MS = 8.0
STREAMED_S = 1.0
"""The longest time for an answer, unless a delay was requested."""
TICK_S = 0.1
LONGEST_OUTPUT = 4_000
"""Characters of a command's output."""
DIRECTIVE = re.compile(r"/(say|long|think|write|run|sleep|silent|title|raw|fail|exit)(?: (.*))?")

Emit = Callable[..., None]
"""Receives the kind of an event and its fields."""

Ask = Callable[[dict[str, object]], dict[str, object]]
"""Receives the fields of a request and returns those of the answer."""


class Turn:
    """One prompt and its answer."""

    def __init__(
        self,
        conversation: Conversation,
        options: dict[str, str],
        prompt: str,
        emit: Emit,
        ask: Ask,
    ) -> None:
        self.conversation = conversation
        self.emit = emit
        self.ask = ask
        self.access = options.get("access")
        self.system_prompt = read_system_prompt(options.get("system-prompt-file"))
        self.steps_left = int(options.get("max-turns", sys.maxsize))
        self.prompt = prompt
        self.lines = [line.rstrip("\r") for line in prompt.split("\n")]
        plain = (line for line in self.lines if not DIRECTIVE.fullmatch(line))
        self.plain = "\n".join(plain).strip()
        self.answer = ""
        self.answered = False
        self.thought = ""
        self.tools = 0

    def run(self) -> None:
        """Execute the directives, then answer."""
        record: dict[str, object] = {"prompt": self.prompt, "answer": None, "started": time.time()}
        self.conversation.turns.append(record)
        self.conversation.save()
        self.emit(
            "start",
            session=self.conversation.id,
            model=self.conversation.model,
            turn=len(self.conversation.turns),
        )
        for line in self.lines:
            if found := DIRECTIVE.fullmatch(line):
                self.take_step()
                self.run_directive(found[1], found[2] or "")
        self.take_step()
        if not self.answer or (self.plain and not self.answered):
            self.add_answer(self.introduction())
        used = self.usage()
        record.update(answer=self.answer, usage=used, ended=time.time())
        self.conversation.save()
        self.emit("done", text=self.answer, usage=used)

    def take_step(self) -> None:
        """Count a step, and fail at the limit."""
        if self.steps_left == 0:
            raise Failed("turn_limit", "the number of steps that was allowed is used up")
        self.steps_left -= 1

    def run_directive(self, name: str, argument: str) -> None:
        """Execute one directive; fails if its argument is not valid."""
        try:
            self.execute(name, argument)
        except (ValueError, OverflowError):
            raise Failed("prompt_refused", f"/{name} does not take `{argument}`") from None

    def execute(self, name: str, argument: str) -> None:  # noqa: C901  a flat table of directives
        """The table of directives; raises `ValueError` for an argument that is not valid."""
        match name:
            case "say":
                self.answered = True
                self.add_answer(argument)
            case "long":
                self.answered = True
                self.add_answer(" ".join(f"word{number}" for number in range(1, int(argument) + 1)))
            case "think":
                self.thought += f" {argument}"
                self.emit("think", text=argument)
            case "write":
                self.write(*argument.partition(" ")[::2])
            case "run":
                self.run_command(argument)
            case "sleep":
                for _ in range(int(float(argument) / TICK_S)):
                    time.sleep(TICK_S)
                    self.emit("wait")
            case "silent":
                time.sleep(float(argument))
            case "title":
                self.conversation.title = argument
            case "raw":
                write_line(argument)
            case "fail":
                raise Failed(argument or "agent_failed", "failed because the prompt said so")
            case "exit":
                sys.exit(int(argument))

    def write(self, path: str, text: str) -> None:
        """Write a file; outside the working directory only with full access or if allowed."""
        here = os.path.realpath(os.curdir)
        inside = os.path.commonpath([here, os.path.realpath(path)]) == here
        allowed = self.access in WRITERS and (inside or self.access == "full")
        call = self.call_tool("write", path, {"path": path, "text": text})
        if not self.is_allowed(call, allowed=allowed, deed=f"write {path}"):
            return
        change = "modified" if os.path.exists(path) else "created"
        try:
            with open(path, "w", encoding="utf-8", errors="replace") as file:
                file.write(f"{text}\n")
        except OSError as error:
            self.emit("tool_result", id=call["tool"], ok=False, text=str(error))
            self.add_answer(f"I could not write {path}.")
            return
        self.emit("tool_result", id=call["tool"], ok=True)
        self.emit("file", path=path, change=change)
        self.add_answer(f"I wrote {path}.")

    def run_command(self, command: str) -> None:
        """Run a command with full access or if allowed; the answer may be another command."""
        call = self.call_tool("run", command, {"command": command})
        allowed = self.access == "full"
        answer = self.is_allowed(call, allowed=allowed, deed=f"run `{command}`")
        if not answer:
            return
        command = str(answer.get("command") or command)
        exit_code, output = run_with_shell(command)
        self.emit("tool_result", id=call["tool"], ok=exit_code == 0, text=output)
        printed = f" It printed {quote(output, 300)}." if output.strip() else ""
        self.add_answer(f"I ran `{command}`: exit code {exit_code}.{printed}")

    def call_tool(self, name: str, summary: str, given: dict[str, object]) -> dict[str, object]:
        """Report the call of a tool; the result has its fields."""
        self.tools += 1
        tool = f"tool-{self.tools}"
        self.emit("tool", id=tool, name=name, summary=summary, input=given)
        return {"tool": tool, "name": name, "summary": summary, "input": given}

    def is_allowed(
        self, call: dict[str, object], *, allowed: bool, deed: str
    ) -> dict[str, object] | None:
        """The answer that allows the call. If it is denied, that is reported, and None returned."""
        answer: dict[str, object] = {"allow": allowed}
        if self.access == "ask":
            answer = self.ask({"id": f"ask-{self.tools}", **call})
        elif not allowed:
            message = f"{'writing' if call['name'] == 'write' else 'running'} {call['summary']}"
            self.emit("warning", code="denied", message=f"{message} needs more access")
        if answer.get("allow") is True:
            return answer
        reason = f": {answer['reason']}" if answer.get("reason") else ""
        self.emit("tool_result", id=call["tool"], ok=False, text=f"denied{reason}")
        self.add_answer(f"I may not {deed}{reason}.")
        return None

    def introduction(self) -> str:
        """What this agent is, the prompt, and the earlier prompts."""
        earlier = [str(turn["prompt"] or "") for turn in self.conversation.turns[:-1]]
        parts = [f"You said: {quote(self.plain, 300)}."]
        if not earlier:
            parts.insert(0, "I am clinvk's demo agent: a small program without a model.")
        if self.system_prompt:
            parts.append(f"I was told: {quote(self.system_prompt, 300)}.")
        parts.append(f"This is turn {len(earlier) + 1} of our conversation.")
        if earlier:
            parts.append(f"Earlier you said: {', '.join(quote(text, 80) for text in earlier)}.")
        return " ".join(parts)

    def add_answer(self, text: str) -> None:
        """Add a line to the answer, word by word."""
        pieces = re.findall(r"\s*\S+\s*|\s+", f"\n{text}" if self.answer else text)
        pause_s = pause_after_word(len(pieces))
        for piece in pieces:
            self.answer += piece
            self.emit("text", text=piece)
            if pause_s:
                time.sleep(pause_s)

    def usage(self) -> dict[str, int]:
        """The figures of the turn: each word counts as one token."""
        cached = self.conversation.earlier_word_count()
        new = len(self.prompt.split()) + len(self.system_prompt.split())
        reasoning = len(self.thought.split())
        return {
            "input": cached + new,
            "cached": cached,
            "output": reasoning + len(self.answer.split()),
            "reasoning": reasoning,
        }


def read_system_prompt(path: str | None) -> str:
    """The content of the file, empty if there is no path."""
    if path is None:
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise Failed("option_refused", f"the system prompt cannot be read: {error}", 2) from error


def quote(text: str, longest: int) -> str:
    """The text in quotation marks and on one line, cut if it is long."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= longest else line[: longest - 1] + '…'}”"


def pause_after_word(words: int) -> float:
    """Seconds: as requested, else short, and at most a second for the whole answer."""
    try:
        return max(0.0, float(os.environ["CLINVK_DEMO_DELAY_MS"])) / 1000
    except (KeyError, ValueError):
        return min(DELAY_MS / 1000, STREAMED_S / max(words, 1))


def write_line(line: str) -> None:
    """Print a line without Python's buffers, which a signal could interrupt half way."""
    data = memoryview(f"{line}\n".encode("utf-8", errors="replace"))
    while data:
        data = data[os.write(1, data) :]


def run_with_shell(command: str) -> tuple[int, str]:
    """The exit code and the output of a command, without `subprocess`: that takes 10 ms to load."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    read_end, write_end = os.pipe()
    places = {nothing: (0,), write_end: (1, 2)}
    actions = [
        (os.POSIX_SPAWN_DUP2, ours, theirs) for ours, both in places.items() for theirs in both
    ]
    shell = os.posix_spawn("/bin/sh", ["sh", "-c", command], os.environ, file_actions=actions)
    for ours in places:
        os.close(ours)
    with open(read_end, "rb") as pipe:
        output = pipe.read().decode("utf-8", errors="replace")
    _, status = os.waitpid(shell, 0)
    return os.waitstatus_to_exitcode(status), output[:LONGEST_OUTPUT]
