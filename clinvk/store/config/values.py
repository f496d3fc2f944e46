"""Converts a setting between its text on the command line, its value, and its YAML."""

import json
from typing import Any

from clinvk.model.config import default_of
from clinvk.model.events import Json

_NUMBERS = frozenset({"max_turns"})
"""The keys of numbers whose default is null, so their type is not visible from it."""

_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WIDEST = 1 << 20


def value_from_text(key: str, text: str) -> Json:
    """The value that a text means for a known key; it is not checked against the schema.

    `null` is null. A list is YAML (`[a, b]`) or words split like in a shell. Raises `ValueError`
    with the reason for a text that cannot be parsed.
    """
    if text == "null":
        return None
    default = default_of(key)
    if isinstance(default, list):
        return _list(text.strip())
    if isinstance(default, bool):
        return _SWITCH.get(text.strip().lower(), text)
    if isinstance(default, int) or key.rpartition(".")[2] in _NUMBERS:
        return _number(text)
    return text


def is_plain(key: str) -> bool:
    """Whether every text that is not blank is valid, so the schema need not be imported."""
    return key == "default_backend" or key.endswith((".model", ".system_prompt", ".binary"))


def value_to_text(value: Json) -> str:
    """The value for a shell: text unchanged, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def value_to_yaml(value: Json) -> str:
    """The value as YAML on one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(value_to_yaml, value))}]"
    if isinstance(value, dict):
        inner = (f"{value_to_yaml(key)}: {value_to_yaml(one)}" for key, one in value.items())
        return f"{{{', '.join(inner)}}}"
    import yaml

    # In double quotes every line end is an escape; all other styles need several lines.
    breaks = isinstance(value, str) and (value != value.strip() or len(value.splitlines()) > 1)
    text: str = yaml.safe_dump(
        [value],  # in a list, so that the result is also valid between brackets
        default_flow_style=True,
        default_style='"' if breaks else None,
        allow_unicode=True,
        width=_WIDEST,
    )
    return text.rstrip("\n")[1:-1]


def _number(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text


def _list(text: str) -> Any:  # noqa: ANN401  any YAML value
    if not text.startswith("["):
        import shlex

        try:
            return shlex.split(text)
        except ValueError as error:
            raise ValueError(f"it cannot be split into words: {str(error).lower()}") from error
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("it is not a YAML list, such as `[a, b]`") from error
