"""How deep we stand: an agent may call clinvk, which starts an agent, which calls clinvk again.

Every run and every screen hands its mark to what it starts, after the mark of the run around it.
"""

from collections.abc import Mapping

from clinvk.errors import TooDeepError
from clinvk.model.config import Settings
from clinvk.process.descendants import RUN_MARK


def depth_of(environ: Mapping[str, str]) -> int:
    """How many runs are around us: 0 for a person's own."""
    return len(list(filter(None, environ.get(RUN_MARK, "").split("."))))


def refuse_too_deep(environ: Mapping[str, str], settings: Settings) -> None:
    """Raise `TooDeepError` if one more run would be deeper than `run.max_depth` allows."""
    depth, most = depth_of(environ), settings.get("run.max_depth")
    if depth >= most:
        raise TooDeepError(
            f"this run would stand inside {depth} other{'s' if depth > 1 else ''}:"
            f" agents that call clinvk may do so {most} deep",
            hint="`run.max_depth` allows more; each level multiplies what is spent",
        )
