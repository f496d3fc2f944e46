"""What can stand on a command line: Linux refuses a single argument of 128 KiB."""

from clinvk.errors import BackendUnsupportedError

_LIMIT = 100_000
"""Bytes; a round figure that leaves room for the option's own name."""


def refuse_long_system_prompt(backend: str, argument: str) -> None:
    """Raise `BackendUnsupportedError` for a system prompt that argv cannot hold as `argument`."""
    size = len(argument.encode("utf-8", errors="replace"))
    if size > _LIMIT:
        raise BackendUnsupportedError(
            f"backend `{backend}` cannot take a system prompt of {size:,} bytes",
            hint=f"at most {_LIMIT:,}; say the rest in the prompt",
        )
