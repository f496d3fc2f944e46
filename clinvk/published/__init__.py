"""The JSON objects for other programs, and the form of a record that may be imported.

`tools/schemas.py` describes the objects, and writes their JSON Schemas into `clinvk/schemas`.
"""

from typing import Any


def chosen(value: object, *names: str) -> dict[str, Any]:
    """The attributes with these names, in this order; a tuple as a list."""
    values = ((name, getattr(value, name)) for name in names)
    return {name: list(one) if isinstance(one, tuple) else one for name, one in values}
