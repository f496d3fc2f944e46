"""Reads the entries of a run's history: each is printed once, when it is complete.

Every entry names the conversation. What a run used is not among them, and only the child's end
shows that the run is over: by its exit code, and by a line on stderr.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Parser
from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import items, mapping, one_line, parse_object, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.tools import ToolCalls
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    Message,
    Raw,
    Result,
    StopReason,
    Thinking,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE
from clinvk.text.bounded import CUT_NOTE, BoundedText

Line = Mapping[str, Json]

WORDS: Words = (
    (r"^(error: )?session not found:", FailureCode.CONVERSATION_GONE),
    (r"^(error: )?missing \S+ environment variable for ", FailureCode.AUTH),
    (r"\ball connection attempts failed\b|\bended without a finish reason\b", FailureCode.NETWORK),
)
NOISE = r"^Reading API keys from the system keyring|^Warning: "

_SERVICE = re.compile(r"^For more information check: \S+/(\d{3}): (.+)$", re.MULTILINE)
"""The line with the words of the service, below one with the status and the address."""

_STOPPED = re.compile(r"^Stopped: (\w+)$", re.MULTILINE)
_STOPS: Mapping[str, tuple[FailureCode, str, StopReason]] = {
    "turn_limit": (
        FailureCode.TURN_LIMIT,
        "the number of steps that was allowed is used up",
        StopReason.MAX_TURNS,
    ),
    "token_limit": (
        FailureCode.BUDGET_LIMIT,
        "the number of tokens that was allowed is used up",
        StopReason.BUDGET,
    ),
    "price_limit": (
        FailureCode.BUDGET_LIMIT,
        "the cost that was allowed is used up",
        StopReason.BUDGET,
    ),
    "deadline": (FailureCode.KILLED, "the agent's own time limit is over", StopReason.ERROR),
    "terminated": (FailureCode.KILLED, "the agent was stopped by a signal", StopReason.ERROR),
}
"""Why a run that exits with 3 stopped; the other reasons only end the answer."""

_CUT = {"length": StopReason.LENGTH, "refusal": StopReason.FILTERED}
_ENDED = frozenset({"completed", "failed", "cancelled", "skipped"})
_DENIED = "tool_denied"
_WRITES = {"file_write": Change.MODIFIED, "file_edit": Change.MODIFIED}


class EntryParser(Parser):
    """Follows one run."""

    def __init__(self, request: TurnRequest) -> None:
        self._model = request.model
        self._init: Init | None = None
        self._answer = BoundedText()
        self._answered = self._finished = False
        self._tools = ToolCalls()
        self._ended: set[str] = set()
        self._readers: Mapping[str, Callable[[Line], list[Event]]] = {
            "message": self._message,
            "reasoning": self._think,
            "effect": self._effect,
            "callback": self._ignore,  # a request, and its denial: the effect says both
            "checkpoint": self._ignore,
            "notice": self._notice,
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; lines that do not belong to a conversation become `Raw`."""
        if self._finished or not line.strip():
            return []
        entry = parse_object(line) or {}
        reader, session = self._readers.get(text(entry.get("type"))), text(entry.get("sessionId"))
        if reader is None or not session:
            return [Raw(line=line)]
        first: list[Event] = []
        if self._init is None:
            self._init = Init(backend_session_id=session, model=self._model)
            first = [self._init]
        return [*first, *reader(entry)]

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result, by the exit code and the last line of stderr."""
        if self._finished:
            return []
        self._finished = True
        if exit_code == 0 and self._answered:
            notes = [Warned(message=CUT_NOTE)] if self._answer.cut else []
            return [*notes, self._result(None, StopReason.END_TURN)]
        stopped = (_STOPPED.findall(stderr_tail) or [""])[-1]
        if stopped in _CUT:
            return [self._result(None, _CUT[stopped])]
        if stopped in _STOPS and exit_code is not None:
            code, words, reason = _STOPS[stopped]
            why = failure(code, words, detail=stderr_tail)
            return [Failed(failure=why), self._result(why, reason)]
        refused = _by_service(exit_code, stderr_tail)
        why = refused or failure_at_exit(exit_code, stderr_tail, WORDS, NOISE)
        if why.code is FailureCode.CONVERSATION_GONE:
            why = replace(why, message="the agent no longer has the conversation")
        return [Failed(failure=why), self._result(why)]

    def _message(self, entry: Line) -> list[Event]:
        if entry.get("role") != "assistant":
            return []
        words = message_text(entry)
        # An answer that was cut off at the limit of its length is asked for again.
        if not words or mapping(entry.get("outcome")).get("type") == "discarded":
            return []
        self._answer, self._answered = BoundedText(), True
        self._answer.add(words)
        return [Message(text=words)]

    @staticmethod
    def _think(entry: Line) -> list[Event]:
        thought = text(entry.get("text"))
        return [Thinking(text=thought)] if thought else []

    def _effect(self, entry: Line) -> list[Event]:
        """A tool that was used; its whole story is in one entry."""
        detail, state = mapping(entry.get("detail")), mapping(entry.get("state"))
        call_id, status = text(entry.get("id")), text(state.get("status"))
        if status not in _ENDED or call_id in self._ended:
            return []
        self._ended.add(call_id)
        name = tool_name(text(detail.get("toolName")))
        given = with_common_keys(mapping(detail.get("input")))
        error = mapping(state.get("error"))
        output = mapping(state.get("output"))
        words = next(filter(None, _words(state, error, output)), "")
        failed = status != "completed"
        events = self._tools.use({"id": call_id, "name": name, "input": given})
        block = {"tool_use_id": call_id, "is_error": failed, "content": words}
        # A result here does not say what happened to a file.
        reported = self._tools.result(block, None)
        events += [event for event in reported if not isinstance(event, FileChange)]
        if error.get("code") == _DENIED:
            return [*events, *self._tools.deny(call_id, name)]
        change = _WRITES.get(text(detail.get("kind")))
        told = next(filter(None, (text(output.get(key)) for key in ("filePath", "file"))), "")
        path = told or text(given.get("file_path"))
        if failed or change is None or not path:
            return events
        new = output.get("fileExisted") is False
        return [*events, FileChange(path=path, change=Change.CREATED if new else change)]

    @staticmethod
    def _ignore(entry: Line) -> list[Event]:
        del entry
        return []

    @staticmethod
    def _notice(entry: Line) -> list[Event]:
        words = text(entry.get("message"))
        tells = entry.get("level") in ("warning", "error") and words
        return [Warned(message=one_line(words))] if tells else []

    def _result(self, why: Failure | None, reason: StopReason = StopReason.ERROR) -> Result:
        return Result(
            text=self._answer.text,
            stop_reason=reason,
            usage=UNKNOWN_USAGE,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._model,
        )


def _by_service(exit_code: int | None, stderr_tail: str) -> Failure | None:
    """What the service refused, None if it is not that."""
    told = _SERVICE.findall(stderr_tail)
    if not told or not exit_code:
        return None
    status, words = told[-1]
    meant = code_of_words(words, without_conversation_gone(WORDS))
    certain = {FailureCode.BUDGET_LIMIT, FailureCode.CONTEXT_TOO_LONG, FailureCode.MODEL_UNKNOWN}
    code = meant if meant in certain else code_of_status(int(status)) or meant
    return failure(code or FailureCode.AGENT_FAILED, words, detail=stderr_tail)


def message_text(entry: Line) -> str:
    """The text of a message, whose parts are paragraphs."""
    parts = (text(mapping(part).get("text")) for part in items(entry.get("content")))
    return "\n\n".join(filter(None, parts))


def tool_name(told: str) -> str:
    """The name that the model calls it by: `bash` of `file_system.bash`."""
    name = told.rpartition(".")[2]
    return "edit" if name == "search_replace" else name


def with_common_keys(given: Line) -> Line:
    """The arguments with the path under the name that the other agents use."""
    return {"file_path" if key == "filePath" else key: value for key, value in given.items()}


def _words(state: Line, error: Line, output: Line) -> Iterable[str]:
    """The texts that may say how a tool ended, the best first."""
    yield text(error.get("message"))
    yield text(state.get("reason"))
    yield text(state.get("outputText"))
    yield text(output.get("content"))
