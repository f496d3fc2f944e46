"""The JSON objects for other programs, and their JSON Schemas.

`run`, `sessions` and `machine` create the objects; `files` and `schemas` describe them.
"""

from typing import Any


def chosen(value: object, *names: str) -> dict[str, Any]:
    """The attributes with these names, in this order; a tuple as a list."""
    values = ((name, getattr(value, name)) for name in names)
    return {name: list(one) if isinstance(one, tuple) else one for name, one in values}
