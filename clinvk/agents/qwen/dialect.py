"""What is different in qwen's `stream-json`; `kit.stream_json` reads it, once the agent runs."""

from clinvk.agents.kit.dialect import Dialect
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.agents.kit.stream_json import Line, StreamJsonParser
from clinvk.agents.qwen.running_total import RunningTotal
from clinvk.model.events import Event, Json, UsageReported, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest

_ERROR_PREFIX = "[API Error: "
"""The prefix of a service's failure, which it prints as if it were the model's answer."""

DIALECT = Dialect(
    subtypes={},
    errors={},
    words=(
        (
            (
                r"(?m)^(error: )?(no (saved )?session found\b|session not found\b"
                r"|session '[^']{1,80}' was not found)"
            ),
            FailureCode.CONVERSATION_GONE,
        ),
        (r"session id \S{0,60} already exists", FailureCode.CONVERSATION_EXISTS),
        (r"reached max session turns", FailureCode.TURN_LIMIT),
        (r"no auth type is selected", FailureCode.AUTH),
        (r"unknown arguments?:|invalid values:", FailureCode.OPTION_REFUSED),
        (r"no input provided|not supported in this mode", FailureCode.PROMPT_REFUSED),
        (r"stream ended without", FailureCode.NETWORK),
    ),
    noise=r"^Ripgrep not available|^Warning: running headless|^Retrying provider attempt",
    version="qwen_code_version",
    status=r"^(\d{3}) ",
)


class QwenParser(StreamJsonParser):
    """What is different: running totals, failures in the form of answers, and doubled retries."""

    def __init__(self, request: TurnRequest) -> None:
        self._total = RunningTotal(request)
        super().__init__(request, DIALECT, self._total)
        self._held_back = ""
        self._retrying = False

    def _system(self, entry: Line) -> list[Event] | None:
        if entry.get("subtype") != "retry":
            return super()._system(entry)
        again, self._retrying = self._retrying, True
        self._answer.restart_message()
        notice = Warned(message="the service failed, trying again", code="retry")
        return [] if again else [notice]

    def _stream_event(self, entry: Line) -> list[Event] | None:
        event = mapping(entry.get("event"))
        piece = text(mapping(event.get("delta")).get("text"))
        if piece.startswith(_ERROR_PREFIX):
            self._held_back = piece
            return []
        self._retrying = self._retrying and event.get("type") != "message_start"
        return super()._stream_event(entry)

    def _assistant(self, entry: Line) -> list[Event] | None:
        message = mapping(entry.get("message"))
        if not message:
            return None
        if entry.get("parent_tool_use_id") is not None:
            return super()._assistant(entry)
        content = [self._without_error(block) for block in items(message.get("content"))]
        events = super()._assistant({**entry, "message": {**message, "content": content}})
        usage = mapping(message.get("usage"))
        if events is not None and (usage.get("input_tokens") or usage.get("output_tokens")):
            events.append(UsageReported(usage=self._total.answer(usage)))
        return events

    def _without_error(self, block: Json) -> Json:
        answer = text(mapping(block).get("text"))
        held = (
            answer[answer.find(_ERROR_PREFIX) :]
            if answer.startswith(_ERROR_PREFIX)
            else self._held_back
        )
        if not held or not answer.endswith(held):
            return block
        self._held_back = held
        return {**mapping(block), "text": answer.removesuffix(held)}

    def _end(self, entry: Line) -> list[Event] | None:
        failed = mapping(entry.get("error"))
        words = text(failed.get("message"))
        if words.startswith(_ERROR_PREFIX):
            first, *more = words.removeprefix(_ERROR_PREFIX).splitlines()
            message = "\n".join([first.removesuffix("]"), *more])
            entry = {**entry, "error": {"message": message}}
        held, self._held_back = self._held_back, ""
        # If the run ended well, the text was the model's own.
        well = entry.get("is_error") is not True
        meant = self._answer.add_piece({"type": "text_delta", "text": held}) if well else []
        events = super()._end(entry)
        return None if events is None else [*meant, *events]
