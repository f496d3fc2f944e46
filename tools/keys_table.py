"""Every key of the configuration: type, default, environment variable and meaning."""

import json

from clinvk.store.config.table import keys


def keys_table() -> str:
    """The table of all keys."""
    lines = ["| key | type | default | environment variable | meaning |", "|---|---|---|---|---|"]
    for key in keys():
        default = key.default if isinstance(key.default, str) else json.dumps(key.default)
        cells = (f"`{key.name}`", key.type, f"`{default}`", f"`{key.variable}`", key.meaning)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
