"""A coding agent without a model and without a network, to try and test clinvk with.

It is a separate program, run as `python -P -m clinvk.agents.demo.program`, and imports nothing else
of clinvk. The prompt comes on stdin, or with `--interactive` line by line from a terminal; it
answers with what it is, the prompt, and the prompts of earlier turns.

Options (each one token): `--session=ID` starts a conversation with an id that must be new,
`--resume=ID` continues one that must exist, `--no-persistence` saves nothing, `--model=NAME`
(`demo-1`, `demo-2`), `--system-prompt-file=PATH`, `--max-turns=N` (a directive is a step, the
answer another), `--access=read-only|ask|edit|full`, `--version`.

Lines of the prompt that are directives:
    /say TEXT         answer this                 /long N           answer with N words
    /think TEXT       think aloud                 /write PATH TEXT  write a file, if access allows
    /sleep SECONDS    wait, printing wait events  /silent SECONDS   wait, printing nothing
    /raw LINE         print LINE as it is         /fail CODE        fail with that code
    /run COMMAND      run it with sh, if allowed  /title TEXT       name the conversation
    /exit CODE        end at once, without a result

It prints one JSON object per line:
    {"type": "start", "session": …, "model": …, "turn": …}
    {"type": "text", "text": …}                   the next piece of the answer
    {"type": "think", "text": …}   {"type": "wait"}
    {"type": "tool", "id": …, "name": …, "summary": …, "input": {…}}
    {"type": "tool_result", "id": …, "ok": …, "text": …}
    {"type": "file", "path": …, "change": "created"|"modified"}
    {"type": "warning", "code": "denied", "message": …}
    {"type": "ask", "id": …, "tool": …, "name": …, "summary": …, "input": {…}}
    {"type": "withdraw", "id": …}                 only if `/raw` prints it: the request is void
and finally one of
    {"type": "done", "text": …, "usage": {"input": …, "cached": …, "output": …, "reasoning": …}}
    {"type": "error", "code": …, "message": …, "usage": {…}}
With `--access=ask` it asks before each tool, and stdin has one JSON object per line:
    {"type": "prompt", "text": …}
    {"type": "answer", "id": …, "allow": true|false, "reason": …, "command": …}

Usage counts words: the whole conversation is input, its earlier part from a cache. The exit code is
0 after `done`, 1 after `error`, 2 for a wrong option, 130 and 143 after SIGINT and SIGTERM.

A conversation is `<id>.json` in $CLINVK_DEMO_HOME, else in `demo` of $CLINVK_HOME or ~/.clinvk. It
contains the prompt before the answer starts. CLINVK_DEMO_DELAY_MS is the pause after each word.
"""
# No argparse, because it has to start within a few milliseconds after Python itself.

import json
import signal
import sys

from clinvk.agents.demo.conversation import Conversation, Failed
from clinvk.agents.demo.turn import WRITERS, Turn, write_line

VERSION = "1"
FLAGS = ("interactive", "no-persistence", "version")
OPTIONS = ("session", "resume", "model", "system-prompt-file", "max-turns", "access")


def emit(kind: str, **fields: object) -> None:
    """Print one event."""
    write_line(json.dumps({"type": kind, **fields}, ensure_ascii=False))


def parse_options(argv: list[str]) -> dict[str, str]:
    """The options by name; the value of a flag is empty."""
    options = {}
    for token in argv:
        name, has_value, value = token.removeprefix("--").partition("=")
        known = name in (OPTIONS if has_value else FLAGS) and token.startswith("--")
        wrong = (name == "max-turns" and not value.isdecimal()) or (
            name == "access" and value not in ("read-only", "ask", *WRITERS)
        )
        if not known or wrong:
            raise Failed("option_refused", f"option not understood: {token}", 2)
        options[name] = value
    return options


def read_prompt() -> str:
    """All of stdin. Empty input is an error: clinvk was killed before it sent the prompt."""
    prompt = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if not prompt:
        raise Failed("prompt_refused", "there is no prompt on stdin", 2)
    return prompt


def read_object(kind: str) -> dict[str, object]:
    """The next object of this type on stdin; other lines are skipped."""
    while line := sys.stdin.buffer.readline():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("type") == kind:
            return entry
    raise Failed("prompt_refused" if kind == "prompt" else "agent_failed", f"no {kind} on stdin", 2)


def ask(request: dict[str, object]) -> dict[str, object]:
    """Print the request, and wait for its answer."""
    emit("ask", **request)
    while (answer := read_object("answer")).get("id") != request["id"]:
        pass
    return answer


def _leave(number: int, _frame: object) -> None:
    word = "interrupted" if number == signal.SIGINT else "terminated"
    raise Failed("cancelled", word, 128 + number)


def main() -> int:
    """Run one turn and return the exit code."""
    try:
        return converse()
    except BrokenPipeError:  # nothing reads the output any more
        return 1


def converse() -> int:
    """Read the prompt, answer it, and print an error event if that failed."""
    turn = None
    try:
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGTERM, _leave)
        options = parse_options(sys.argv[1:])
        if "version" in options:
            write_line(f"clinvk-demo-agent {VERSION}")
            return 0
        if "interactive" in options:
            from clinvk.agents.demo.screen import run_screen

            return run_screen(options)
        asks = options.get("access") == "ask"
        prompt = str(read_object("prompt").get("text")) if asks else read_prompt()
        turn = Turn(Conversation(options), options, prompt, emit, ask)
        turn.run()
    except Failed as failed:
        used = {"usage": turn.usage()} if turn else {}
        emit("error", code=failed.code, message=str(failed), **used)
        return failed.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
