"""Reads errors, retries and structured values from lines of the `stream-json` output.

The agents use different fields for them.
"""

from collections.abc import Mapping

from clinvk.agents.kit.jsonl import amount, compact_json, count, items, mapping, parse_json, text
from clinvk.model.events import Json

Line = Mapping[str, Json]


_STRUCTURED = ("structured_output", "structured_result")


def structured_of(entry: Line) -> Json:
    """The structured value of an answer with a schema; two agents name the field differently."""
    return next((entry[name] for name in _STRUCTURED if entry.get(name) is not None), None)


def final_answer(entry: Line, spoken: str) -> tuple[str, bool]:
    """The complete final answer of a result, and whether it is new; `spoken` is the last message.

    The result's own text is only the last block. It is an answer of its own if the agent answered
    by itself, and if it is the requested value: 2.1.120 has that only in a field, and the text is
    what the model said in addition.
    """
    result, value = text(entry.get("result")), structured_of(entry)
    if value is not None and value not in (parse_json(spoken), parse_json(result)):
        result = compact_json(value)
    if not result or spoken.strip().endswith(result.strip()):
        return spoken, False
    return result, True


def error_text(entry: Line) -> str:
    """The errors of a result, else its text, which then is the error message."""
    errors = [error for error in map(text, items(entry.get("errors"))) if error]
    return (
        "\n".join(errors)
        or text(entry.get("result"))
        or text(mapping(entry.get("error")).get("message"))
    )


def retry_notice(entry: Line) -> str:
    """Which attempt failed, why, and when the next one starts."""
    attempt, of = count(entry.get("attempt")), count(entry.get("max_retries"))
    status, error = count(entry.get("error_status")), text(entry.get("error"))
    why = " ".join(part for part in (str(status) if status else "", error) if part)
    notice = "the service failed" + (f" ({why})" if why else "") + ", trying again"
    if (delay := amount(entry.get("retry_delay_ms"))) is not None:
        notice += f" in {delay / 1000:.1f} s"
    if attempt is not None and of is not None:
        notice += f" (attempt {attempt} of {of})"
    return notice


def session_of(entry: Line) -> str:
    """The conversation that a line names; empty for a line about the run itself."""
    failed = entry.get("is_error") is True or text(entry.get("subtype")).startswith("error")
    return "" if failed or entry.get("type") == "system" else text(entry.get("session_id"))


def message_text(entry: Line) -> str:
    """The text of an error that came as a message."""
    blocks = items(mapping(entry.get("message")).get("content"))
    words = [text(mapping(block).get("text")) for block in blocks]
    return "\n".join(filter(None, words)) or "the agent failed and did not say why"


def denials(entry: Line) -> list[tuple[str, str]]:
    """The tool calls that a result reports as denied: id and tool."""
    listed = map(mapping, items(entry.get("permission_denials")))
    return [(text(one.get("tool_use_id")), text(one.get("tool_name"))) for one in listed]
