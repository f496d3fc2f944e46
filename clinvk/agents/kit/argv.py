"""The size limit of command-line arguments: Linux rejects a single argument of 128 KiB."""

from clinvk.errors import BackendUnsupportedError

_LIMIT = 100_000
"""Bytes; a round number that leaves space for the name of the option."""


def refuse_long_system_prompt(backend: str, argument: str) -> None:
    """Raise `BackendUnsupportedError` if `argument`, the system prompt, is too long for argv."""
    size = len(argument.encode("utf-8", errors="replace"))
    if size > _LIMIT:
        raise BackendUnsupportedError(
            f"backend `{backend}` cannot take a system prompt of {size:,} bytes",
            hint=f"the limit is {_LIMIT:,} bytes; put the rest into the prompt",
        )
