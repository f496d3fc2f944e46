"""How deep runs may stand inside one another."""

import pytest

from clinvk.errors import ExitStatus, TooDeepError
from clinvk.model.config import Setting, merge
from clinvk.process.descendants import RUN_MARK, new_mark
from clinvk.services.turns.depth import depth_of, refuse_too_deep


def test_each_run_is_one_deeper_than_the_run_that_it_is_started_from() -> None:
    """A person's own is at depth 0, and what it starts carries its mark."""
    environ = {"HOME": "/code"}
    for depth in range(4):
        assert depth_of(environ) == depth
        environ[RUN_MARK] = new_mark(environ)


def test_the_limit_says_how_many_runs_can_be_nested() -> None:
    """With 2, a run and one inside it; the third is refused, and not as something to try again."""
    settings = merge({"run.max_depth": Setting(2)}, {})
    refuse_too_deep({}, settings)
    refuse_too_deep({RUN_MARK: "a"}, settings)
    with pytest.raises(TooDeepError, match="nested in 2 others") as refused:
        refuse_too_deep({RUN_MARK: "a.b"}, settings)
    assert (refused.value.exit_status, refused.value.retryable) == (ExitStatus.LIMIT, False)
