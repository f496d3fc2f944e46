"""Follows a turn of a declared agent that speaks the Agent Client Protocol.

What agents do differently is read from what each says about itself: how a conversation is
continued, which modes and models it has, and how it counts tokens.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Reply
from clinvk.agents.declared.output import LONGEST_SEARCHED
from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.errors import failure_of
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.counters import usage_since
from clinvk.agents.kit.failures import Words, code_of_words, failure, failure_at_exit
from clinvk.agents.kit.json_rpc import Line, Response
from clinvk.agents.kit.jsonl import count, items, mapping, one_line, text
from clinvk.model.events import Event, Json, Result, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import ToolKind
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

_NO_NOISE = r"(?!)"
_VERSION = 1
_FIGURES = {
    "input_tokens": "inputTokens",
    "cached_tokens": "cachedReadTokens",
    "cache_write_tokens": "cachedWriteTokens",
    "output_tokens": "outputTokens",
    "reasoning_tokens": "thoughtTokens",
}
"""The figures of a prompt's result, by their names in `Usage`."""

_Parsed = Iterator[Event | Reply]


class DeclaredAcpParser(AcpParser):
    """Holds the dialogue as the declaration and the agent's own answers require."""

    def __init__(self, form: Mapping[str, Json], request: TurnRequest) -> None:
        self._words: Words = [
            (pattern, FailureCode(code)) for pattern, code in (form.get("errors") or {}).items()
        ]
        access = request.access.value if request.access else ""
        mode = (form.get("modes") or {}).get(access)
        stops = bool(form.get("stops_when_denied"))
        dialect = Dialect(words=self._words, noise=_NO_NOISE, mode=mode, stops_when_denied=stops)
        super().__init__(request, dialect)
        self._mode = mode
        self._model = request.model if not (form.get("options") or {}).get("model") else None
        self._program: str = form["command"][0]
        self._counts = form.get("usage")
        self._failure_words: str = form.get("failed_answer") or _NO_NOISE
        self._spoke = False
        self._lists: Failure | None = None
        self._before: list[tuple[str, str, dict[str, Json]]] = []
        self._setting = ""
        self._figures: list[Line] = []
        self._last_words = ""

    @property
    def speaks(self) -> bool:
        """Whether it has answered `initialize`."""
        return self._spoke

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """As the client, and keep what a program says that does not speak the protocol."""
        if not self._spoke and line.strip():
            self._last_words = one_line(line)
        return super().feed(line)

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure that its end shows, or that it does not speak the protocol."""
        if self._spoke or self._finished:
            return super().finish(exit_code, stderr_tail)
        self._finished = True
        said = failure_at_exit(exit_code, stderr_tail, self._words)
        if said.code in {FailureCode.AUTH, FailureCode.TOO_OLD}:
            return [self._result(said)]
        lines = [one for one in stderr_tail.splitlines() if one.strip()]
        words = one_line(lines[-1]) if lines else self._last_words
        ended = "was stopped" if exit_code is None else f"exited with {exit_code}"
        return [self._result(self._mute(f"{ended} without an answer", words))]

    # Its answers to our requests.

    def _respond(self, response: Response) -> _Parsed:
        if response.awaited == "initialize":
            yield from self._met(response)
        elif response.awaited == "list":
            yield from self._listed(response)
        elif response.error is not None and response.awaited == "mode":
            said = failure_of(response.error, self._words, opening=False)
            yield from self._fail(self._refused(said.message))
        elif response.error is not None and response.awaited == "session":
            yield from self._not_opened(failure_of(response.error, self._words, opening=True))
        else:
            yield from super()._respond(response)

    def _met(self, response: Response) -> _Parsed:
        if response.error is not None:
            why = failure_of(response.error, self._words, opening=True)
            known = why.code is FailureCode.AUTH
            yield from self._fail(why if known else self._mute("refused it", why.message))
            return
        result = mapping(response.result)
        version = count(result.get("protocolVersion"))
        if version != _VERSION:
            spoken = "another version" if version is None else f"version {version}"
            yield from self._fail(self._mute(f"speaks {spoken} of it", ""))
            return
        self._spoke = True
        self._offers = mapping(result.get("agentCapabilities"))  # also says how to continue
        if self._request.resume and not self._method:
            gone = "the agent offers no way to continue a conversation"
            yield from self._fail(failure(FailureCode.CONVERSATION_GONE, gone))
            return
        self._dialect = replace(self._dialect, resume=self._method or self._dialect.resume)
        yield from self._initialized()

    @property
    def _method(self) -> str | None:
        """How a conversation is continued: `session/resume` does not repeat its history."""
        if self._offered("resume"):
            return "session/resume"
        return "session/load" if self._offers.get("loadSession") is True else None

    def _offered(self, what: str) -> bool:
        return isinstance(mapping(self._offers.get("sessionCapabilities")).get(what), dict)

    def _not_opened(self, why: Failure) -> _Parsed:
        """Look whether it has the conversation: agents say in many words that it is gone."""
        vague = why.code not in {FailureCode.CONVERSATION_GONE, FailureCode.AUTH}
        if self._request.resume and vague and self._offered("list"):
            self._lists = why
            params = {"cwd": str(self._request.cwd)}
            yield self._rpc.request("session/list", params, "list")
            return
        yield from self._fail(why)

    def _listed(self, response: Response) -> _Parsed:
        result = mapping(response.result)
        sessions = result.get("sessions")
        known = {text(mapping(one).get("sessionId")) for one in items(sessions)}
        why = self._lists or failure(FailureCode.AGENT_FAILED, "the conversation was not opened")
        complete = isinstance(sessions, list) and not result.get("nextCursor")
        if complete and self._request.conversation not in known:
            why = replace(why, code=FailureCode.CONVERSATION_GONE)
        yield from self._fail(why)

    def _opened(self, result: Line) -> _Parsed:
        modes = mapping(result.get("modes"))
        offered = [text(mapping(one).get("id")) for one in items(modes.get("availableModes"))]
        # Some write without asking in the mode in which they begin.
        needs_mode = self._request.access is not None and bool(offered or self._mode)
        if needs_mode and self._mode not in offered:
            yield from self._fail(self._without_mode(offered))
            return
        if self._model not in {None, self._told_model(result)}:
            self._before = [_choose_model(self._model or "", result)]
        yield from super()._opened(result)

    def _set_mode(self) -> Reply:
        self._setting = f"the mode `{self._mode}`"
        return super()._set_mode()

    def _begun(self) -> _Parsed:
        """The history came before the session: an agent that loads it has then sent all of it."""
        yield self._prompt(self._request.prompt)

    def _prompt(self, words: str) -> Reply:
        """The prompt, after the model is set."""
        if not self._before:
            return super()._prompt(words)
        self._setting, method, params = self._before.pop()
        return self._rpc.request(method, {"sessionId": self._session, **params}, "mode")

    def model_name(self, session: Line) -> str | None:
        """The requested model, else that of the session or of its option."""
        return self._request.model or self._told_model(session)

    def _told_model(self, session: Line) -> str | None:
        option = _model_option(session)
        return super().model_name(session) or text(option.get("currentValue")) or None

    # What it tells about the turn.

    def tool_name(self, call: ToolCall) -> str:
        """The name that it adds, else a title of one word; a longer one tells what it does."""
        added = text(call.meta.get("tool_name")) or text(call.meta.get("toolName"))
        title = call.first_title
        kind = call.kind if call.means is not ToolKind.OTHER else ""
        return added or (title if title and " " not in title else kind or title)

    def note_prompt(self, result: Line) -> None:
        """Keep the figures of a prompt; some agents have them among their own additions."""
        told = mapping(result.get("usage")) or mapping(mapping(result.get("_meta")).get("usage"))
        self._figures.append(_with_cached(told))

    def ended(self, told: Result) -> Result:
        """The result with its figures, if the declaration says what they count."""
        if told.failure is None and (why := self._failed_answer(told.text)) is not None:
            told = replace(told, failure=why, stop_reason=StopReason.ERROR)
        if self._counts == "turn":
            return replace(told, usage=_sum(self._figures))
        if self._counts == "conversation" and self._figures and self._figures[-1]:
            now = self._figures[-1]
            before = self._request.counters if self._request.resume else dict.fromkeys(now, 0)
            names = {name: key for name, key in _FIGURES.items() if key in now}
            known = self._request.baseline_known or not self._request.resume
            usage = usage_since(now, before, names) if known else UNKNOWN_USAGE
            return replace(told, usage=usage, counters=dict(now))
        return told

    # Its failures.

    def _failed_answer(self, answer: str) -> Failure | None:
        """The failure that the answer is: some agents say so in words, and call it a success."""
        found = re.search(self._failure_words, answer[-LONGEST_SEARCHED:])
        if found is None:
            return None
        said = one_line(found[0])
        return failure(code_of_words(said, self._words) or FailureCode.AGENT_FAILED, said)

    def _mute(self, why: str, last_words: str) -> Failure:
        """The failure of a program that does not speak the protocol."""
        said = f"; its last words: {last_words}" if last_words else ""
        message = f"`{self._program}` does not speak the Agent Client Protocol: it {why}{said}"
        return Failure(
            code=FailureCode.NOT_STARTED,
            message=message,
            hint="correct `command` in its declaration",
        )

    def _refused(self, why: str) -> Failure:
        model = self._setting.startswith("the model")
        code = FailureCode.MODEL_UNKNOWN if model else FailureCode.OPTION_REFUSED
        return failure(code, f"the agent does not take {self._setting}: {why}")

    def _without_mode(self, offered: list[str]) -> Failure:
        level = f"modes.{self._request.access}"
        said = f"has no mode `{self._mode}`" if self._mode else f"needs `{level}`"
        modes = f"its modes are: {', '.join(offered) or 'none'}"
        return Failure(
            code=FailureCode.OPTION_REFUSED,
            message=f"the agent {said} for `--access {self._request.access}`; {modes}",
            hint=f"name the mode in which it asks in `{level}` of its declaration",
        )


def _model_option(session: Line) -> Line:
    """The session's option for its model, empty if it has none."""
    options = map(mapping, items(session.get("configOptions")))
    return next((one for one in options if "model" in [one.get("id"), one.get("category")]), {})


def _choose_model(model: str, session: Line) -> tuple[str, str, dict[str, Json]]:
    """What is set, and the request that sets it."""
    setting = f"the model `{model}`"
    if option := _model_option(session):
        params = {"configId": text(option.get("id")), "value": model}
        return setting, "session/set_config_option", params
    return setting, "session/set_model", {"modelId": model}


def _with_cached(told: Line) -> Line:
    """The figures with the cached tokens as parts of the input, as the total shows it.

    Empty if that cannot be seen.
    """
    counts = {key: count(told.get(key)) for key in _FIGURES.values()}
    figures = {key: figure for key, figure in counts.items() if figure is not None}
    given, output = count(told.get("inputTokens")), count(told.get("outputTokens"))
    if given is None or output is None:
        return {}
    cached = sum(figures.get(key, 0) for key in ("cachedReadTokens", "cachedWriteTokens"))
    thoughts = figures.get("thoughtTokens", 0)
    total = count(told.get("totalTokens"))
    sums = {
        (apart, beyond): given + output + apart * cached + beyond * thoughts
        for apart in ((0, 1) if cached else (0,))
        for beyond in ((0, 1) if thoughts else (0,))
    }
    fitting = [which for which, one in sums.items() if total in {one, None}]
    if len(fitting) != 1:
        return {}
    apart, beyond = fitting[0]
    whole = {"inputTokens": given + apart * cached, "outputTokens": output + beyond * thoughts}
    return {**figures, **whole}


def _sum(figures: list[Line]) -> Usage:
    """The sum over the prompts, unknown if one of them has no figures."""
    if not figures or not all(figures):
        return UNKNOWN_USAGE
    return Usage(
        **{
            name: sum(count(one.get(key)) or 0 for one in figures)
            for name, key in _FIGURES.items()
            if any(key in one for one in figures)
        }
    )
