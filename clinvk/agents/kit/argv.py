"""What cannot be passed on in argv.

Linux rejects a single argument of 128 KiB, and the channels on which an agent asks ignore some of
its options.
"""

from collections.abc import Iterable
from pathlib import Path

from clinvk.errors import BackendUnsupportedError
from clinvk.model.request import TurnRequest

_LIMIT = 100_000
"""Bytes; a round number that leaves space for the name of the option."""


def refuse_long_system_prompt(backend: str, argument: str) -> None:
    """Raise `BackendUnsupportedError` if `argument`, the system prompt, is too long for argv."""
    _refuse_long(backend, "system prompt", argument, "put the rest into the prompt")


def refuse_long_schema(backend: str, request: TurnRequest) -> None:
    """Raise `BackendUnsupportedError` if the answer's schema is too long for argv."""
    _refuse_long(backend, "schema", request.schema or "", "leave out what describes it")


def _refuse_long(backend: str, what: str, argument: str, instead: str) -> None:
    size = len(argument.encode("utf-8", errors="replace"))
    if size > _LIMIT:
        raise BackendUnsupportedError(
            f"backend `{backend}` cannot take a {what} of {size:,} bytes",
            hint=f"the limit is {_LIMIT:,} bytes; {instead}",
        )


def refuse_commas(backend: str, paths: Iterable[Path]) -> None:
    """Raise `BackendUnsupportedError` for a path with a comma: its option takes a list."""
    for path in paths:
        if "," in str(path):
            raise BackendUnsupportedError(
                f"backend `{backend}` cannot take a path with a comma: `{path}`",
                hint="rename it, or use a link without one",
            )


def refuse_ignored_options(backend: str, request: TurnRequest, ignored: tuple[str, ...]) -> None:
    """Raise `BackendUnsupportedError` if an argument is an option that is `ignored`."""
    for argument in request.backend_args:
        if argument.partition("=")[0] in ignored:
            raise BackendUnsupportedError(
                f"backend `{backend}` ignores `{argument.partition('=')[0]}` where it asks",
                hint="choose `--access read-only`, `edit` or `full`, or leave the option out",
            )


def refuse_effort(backend: str, request: TurnRequest) -> None:
    """Raise `BackendUnsupportedError` for an effort, for a screen that has no option for it."""
    if request.effort is not None:
        raise BackendUnsupportedError(
            f"backend `{backend}` takes no effort for its interactive screen",
            hint="give a prompt, or choose it in the agent's screen",
        )
