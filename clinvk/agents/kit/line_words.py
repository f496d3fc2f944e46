"""What a line of the `stream-json` output says: errors, retries, the value of an answer.

With how each agent words it.
"""

from collections.abc import Mapping

from clinvk.agents.kit.jsonl import amount, compact_json, count, items, mapping, parse_json, text
from clinvk.model.events import Json

Line = Mapping[str, Json]


_STRUCTURED = ("structured_output", "structured_result")


def structured_of(said: Line) -> Json:
    """The value of an answer that was held to a schema; the two agents call it differently."""
    return next((said[name] for name in _STRUCTURED if said.get(name) is not None), None)


def final_answer(said: Line, spoken: str) -> tuple[str, bool]:
    """The whole final answer of a result, and whether no message has said it; `spoken` is the last.

    The result's own text is the last block alone. It is an answer of its own where the agent
    answered by itself, and where it is the value that was asked for: in 2.1.120 that is in a field
    only, and the text is what the model said besides.
    """
    result, value = text(said.get("result")), structured_of(said)
    if value is not None and value not in (parse_json(spoken), parse_json(result)):
        result = compact_json(value)
    if not result or spoken.strip().endswith(result.strip()):
        return spoken, False
    return result, True


def error_words(said: Line) -> str:
    """The errors of a result, else its text, which then is the error's."""
    errors = [error for error in map(text, items(said.get("errors"))) if error]
    return (
        "\n".join(errors)
        or text(said.get("result"))
        or text(mapping(said.get("error")).get("message"))
    )


def retry_notice(said: Line) -> str:
    """Which attempt failed, why, and when the next one comes."""
    attempt, of = count(said.get("attempt")), count(said.get("max_retries"))
    status, error = count(said.get("error_status")), text(said.get("error"))
    why = " ".join(part for part in (str(status) if status else "", error) if part)
    notice = "the service failed" + (f" ({why})" if why else "") + ", trying again"
    if (delay := amount(said.get("retry_delay_ms"))) is not None:
        notice += f" in {delay / 1000:.1f} s"
    if attempt is not None and of is not None:
        notice += f" (attempt {attempt} of {of})"
    return notice


def session_of(said: Line) -> str:
    """The conversation that something said in it names; nothing for a line about the run itself."""
    failed = said.get("is_error") is True or text(said.get("subtype")).startswith("error")
    return "" if failed or said.get("type") == "system" else text(said.get("session_id"))


def message_words(said: Line) -> str:
    """The words of an error that is worded as a message."""
    blocks = items(mapping(said.get("message")).get("content"))
    words = [text(mapping(block).get("text")) for block in blocks]
    return "\n".join(filter(None, words)) or "the agent failed and did not say why"


def denials(said: Line) -> list[tuple[str, str]]:
    """The calls that a result says were not allowed: id and tool."""
    listed = map(mapping, items(said.get("permission_denials")))
    return [(text(one.get("tool_use_id")), text(one.get("tool_name"))) for one in listed]
