"""What cannot be passed on in argv.

Linux rejects a single argument of 128 KiB, and the channels on which an agent asks ignore some of
its options.
"""

from clinvk.errors import BackendUnsupportedError
from clinvk.model.request import TurnRequest

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


def refuse_ignored_options(backend: str, request: TurnRequest, ignored: tuple[str, ...]) -> None:
    """Raise `BackendUnsupportedError` if an argument is an option that is `ignored`."""
    for argument in request.backend_args:
        if argument.partition("=")[0] in ignored:
            raise BackendUnsupportedError(
                f"backend `{backend}` ignores `{argument.partition('=')[0]}` where it asks",
                hint="choose `--access read-only`, `edit` or `full`, or leave the option out",
            )
