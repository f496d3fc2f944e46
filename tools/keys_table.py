"""Every key of the configuration: type, default, environment variable and meaning."""

import json
from collections.abc import Iterator

from clinvk.model.config import environment_variable, known_keys
from clinvk.store.config.errors import field_at, phrase
from clinvk.store.config.schema import Config

ANY_BACKEND = "NAME"
"""In a key that is the same for all backends: the place of the backend's name."""


def keys_table() -> str:
    """The table of all keys; the keys of a backend once, under `backends.NAME`."""
    lines = ["| key | type | default | environment variable | meaning |", "|---|---|---|---|---|"]
    for key, kind, default, meaning in every_key():
        cells = (f"`{key}`", kind, f"`{default}`", f"`{environment_variable(key)}`", meaning)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def every_key() -> Iterator[tuple[str, str, str, str]]:
    """Each key with its type, default and meaning."""
    schema = Config.model_json_schema()
    for key in known_keys([ANY_BACKEND]):
        field = field_at(schema, key.split("."))
        value = field.get("default")
        default = value if isinstance(value, str) else json.dumps(value)
        yield key, phrase(schema, field), default, field.get("description", "")
