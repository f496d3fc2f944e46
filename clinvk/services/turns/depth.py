"""Limits nested runs: an agent can call clinvk, which starts an agent, which calls clinvk again.

Every run passes its mark to the processes that it starts, after the marks of the outer runs.
"""

from collections.abc import Mapping

from clinvk.errors import TooDeepError
from clinvk.model.config import Settings
from clinvk.process.descendants import RUN_MARK


def depth_of(environ: Mapping[str, str]) -> int:
    """Number of outer runs; 0 if a user started this one."""
    return len(list(filter(None, environ.get(RUN_MARK, "").split("."))))


def refuse_too_deep(environ: Mapping[str, str], settings: Settings) -> None:
    """Raise `TooDeepError` if one more run would be deeper than `run.max_depth` allows."""
    depth, most = depth_of(environ), settings.get("run.max_depth")
    if depth >= most:
        raise TooDeepError(
            f"this run would be nested in {depth} other{'s' if depth > 1 else ''}:"
            f" the maximum depth is {most}",
            hint="raise `run.max_depth`; each level multiplies the cost",
        )
