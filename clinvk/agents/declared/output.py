"""Reads the output of a declared backend: JSON lines, one JSON value, or plain text.

The result comes after the child has ended: a declaration cannot say which line is the last.
"""

import json
import re
from collections.abc import Iterable, Mapping

from clinvk.agents.base import Parser
from clinvk.agents.declared.json_path import JsonPath
from clinvk.agents.kit.failures import Words, code_of_words, failure, failure_at_exit
from clinvk.agents.kit.jsonl import one_line, parse_object
from clinvk.agents.kit.recovery import pieces_of_lines, recovering
from clinvk.model.events import Event, Failed, Init, Json, Message, Raw, Result, StopReason, Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.text.bounded import CUT_NOTE, BoundedText

LARGEST = 32 << 20
"""The longest JSON output in characters that is kept and parsed; a longer one is not."""

LONGEST_SEARCHED = 2000
"""The characters of a line in which the declaration's regular expressions are searched."""

_FIGURES = ("input", "cached", "cache_write", "output", "reasoning")


def parser_of(form: Mapping[str, Json], request: TurnRequest) -> Parser:
    """The parser for the declared output format."""
    output = form.get("output") or {}
    kinds: Mapping[str, type[_Text | _Whole | _Lines]] = {
        "text": _Text,
        "json": _Whole,
        "jsonl": _Lines,
    }
    return kinds[output.get("format", "text")](form, request)


class _Declared(Parser):
    """Code of the three formats: what was found so far, and the result from it."""

    def __init__(self, form: Mapping[str, Json], request: TurnRequest) -> None:
        output = form.get("output") or {}
        self._words: Words = [
            (pattern, FailureCode(code)) for pattern, code in (form.get("errors") or {}).items()
        ]
        self._finders = {
            name: JsonPath(output.get(name))
            for name in ("conversation", "model", "delta", "text", "error", "cost")
        }
        usage = output.get("usage") or {}
        self._figures = {name: JsonPath(usage.get(name)) for name in _FIGURES}
        self._cached_apart = bool(usage.get("cached_apart"))
        self._conversation = request.conversation
        self._id_reported = False
        may_change = bool(output.get("conversation_changes"))
        self._requested = request.conversation if request.resume and not may_change else None
        self._other_conversation: str | None = None
        self._model = request.model
        self._text = BoundedText()
        self._complete = False
        self._usage: dict[str, int] = {}
        self._cost: float | None = None
        self._error: str | None = None
        self._finished = False

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result, from what was found and from how the child ended."""
        if self._finished:
            return
        self._finished = True
        yield from self._final_events()
        failed = self._failure(exit_code, stderr_tail)
        if failed is not None:
            yield Failed(failure=failed)
        if self._text.cut:
            yield Warned(message=CUT_NOTE)
        yield Result(
            text=self._answer,
            stop_reason=StopReason.ERROR if failed else StopReason.END_TURN,
            usage=self._total_usage(),
            cost_usd=self._cost,
            failure=failed,
            backend_session_id=self._conversation if self._id_reported else None,
            model=self._model,
        )

    @property
    def _answer(self) -> str:
        """The answer received so far."""
        return self._text.text

    def _final_events(self) -> Iterable[Event]:
        """The events that only the end of the output shows."""
        return ()

    def _report_id(self) -> Iterable[Event]:
        """Report the id that clinvk chose for the conversation, after the first output."""
        if self._conversation is not None and not self._id_reported:
            self._id_reported = True
            yield Init(backend_session_id=self._conversation, model=self._model)

    def _read_object(self, entry: Json) -> Iterable[Event]:
        """The events of one object; also records what it contains."""
        self._model = self._finders["model"].text(entry) or self._model
        reported = self._finders["conversation"].text(entry)
        if reported and self._is_other(reported):
            if self._other_conversation is None:  # the turn decides what it means
                yield Init(backend_session_id=reported, model=self._model)
            self._other_conversation = reported
        elif reported and (reported != self._conversation or not self._id_reported):
            self._conversation, self._id_reported = reported, True
            yield Init(backend_session_id=reported, model=self._model)
        self._count(entry)
        if piece := self._finders["delta"].text(entry):
            if self._complete:
                self._text, self._complete = BoundedText(), False
            self._text.add(piece)
            yield Message(text=piece, delta=True)
        if whole := self._finders["text"].text(entry):
            yield from self._message(whole)
            self._error = None  # the agent retried successfully
        if (error := self._error_in(entry)) is not None:
            self._error = error

    def _is_other(self, reported: str) -> bool:
        """Whether it is not the requested conversation; the case of letters is not significant."""
        return self._requested is not None and reported.lower() != self._requested.lower()

    def _message(self, whole: str) -> Iterable[Event]:
        """A complete message, without the part that was streamed already."""
        size = 0 if self._complete else self._text.size
        streamed = size > 0 and self._text.begin(whole)
        rest = whole[size:] if streamed else whole
        self._text, self._complete = BoundedText(len(whole)), True
        self._text.add(whole)
        if rest:
            yield Message(text=rest, delta=streamed)

    def _error_in(self, entry: Json) -> str | None:
        values = [one for one in self._finders["error"].values(entry) if one]
        if not values:
            return None
        texts = [one if isinstance(one, str) else json.dumps(one) for one in values]
        return one_line(" ".join(texts))

    def _count(self, entry: Json) -> None:
        for name, finder in self._figures.items():
            if (figure := finder.count(entry)) is not None:
                self._usage[name] = self._usage.get(name, 0) + figure
        if (cost := self._finders["cost"].amount(entry)) is not None:
            self._cost = (self._cost or 0.0) + cost

    def _total_usage(self) -> Usage:
        figures = dict(self._usage)
        if not figures:
            return UNKNOWN_USAGE
        if self._cached_apart and "input" in figures:
            figures["input"] += figures.get("cached", 0) + figures.get("cache_write", 0)
        return Usage(**{f"{name}_tokens": figure for name, figure in figures.items()})

    def _failure(self, exit_code: int | None, stderr_tail: str) -> Failure | None:
        if self._other_conversation is not None:
            message = (
                f"the agent should have continued the conversation `{self._requested}`, but"
                f" reported another one: `{one_line(self._other_conversation)}`"
            )
            return failure(FailureCode.CONVERSATION_GONE, message, detail=stderr_tail)
        if self._error is not None:
            code = code_of_words(self._error, self._words) or FailureCode.AGENT_FAILED
            return failure(code, self._error, detail=stderr_tail)
        if exit_code == 0 and self._answer.strip():
            return None
        return failure_at_exit(exit_code, stderr_tail, self._words)


class _Lines(_Declared):
    """One JSON object per line."""

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line."""
        if self._finished or not line.strip():
            return
        yield from self._report_id()
        entry = parse_object(line)
        if entry is None:
            yield Raw(line=line)
        else:
            yield from self._read_object(entry)


class _Whole(_Declared):
    """One JSON value, which may span many lines."""

    def __init__(self, form: Mapping[str, Json], request: TurnRequest) -> None:
        super().__init__(form, request)
        self._kept: list[str] = []
        self._size = 0

    def feed(self, line: str) -> Iterable[Event]:
        """Keep the line until the end."""
        if self._finished or not line.strip():
            return
        yield from self._report_id()
        self._size += len(line)
        if self._size <= LARGEST:
            self._kept.append(line)

    def _final_events(self) -> Iterable[Event]:
        kept = "\n".join(self._kept)
        whole = parse_object(kept)
        for part in (kept,) if whole is not None else pieces_of_lines(kept):
            entry = whole or parse_object(part)
            if entry is None:
                yield Raw(line=one_line(part.strip().partition("\n")[0]))
            else:
                yield from self._read_object(entry)

    def _failure(self, exit_code: int | None, stderr_tail: str) -> Failure | None:
        why = super()._failure(exit_code, stderr_tail)
        if why is None or why.code is not FailureCode.NO_RESULT or self._size <= LARGEST:
            return why
        message = f"the agent's JSON is longer than {LARGEST >> 20} MiB and was not read"
        return failure(FailureCode.OUTPUT_TOO_LONG, message, detail=stderr_tail)


class _Text(_Declared):
    """Plain text: all of it is the answer, except for the lines that the declaration excludes."""

    def __init__(self, form: Mapping[str, Json], request: TurnRequest) -> None:
        super().__init__(form, request)
        output = form.get("output") or {}
        self._noise = [re.compile(pattern) for pattern in output.get("noise") or ()]
        error_line = output.get("error_line")
        self._error_line = re.compile(error_line) if error_line else None

    def feed(self, line: str) -> Iterable[Event]:
        """The line as a piece of the answer."""
        if self._finished:
            return
        yield from self._report_id()
        head = line[:LONGEST_SEARCHED]
        reports_error = self._error_line is not None and self._error_line.search(head)
        if reports_error:
            self._error = self._error or one_line(line)
        if reports_error or any(pattern.search(head) for pattern in self._noise):
            yield Raw(line=line)
        elif self._text.size or line.strip():
            piece = f"{line}\n"
            self._text.add(piece)
            yield Message(text=piece, delta=True)

    @property
    def _answer(self) -> str:
        return self._text.text.rstrip("\r\n")
