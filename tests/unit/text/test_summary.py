"""Many of one kind in one sentence."""

import pytest

from clinvk.text.summary import FEW, summed_up


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, []),
        (FEW, ["`0` is odd", "`1` is odd", "`2` is odd"]),
        (2_000, ["2,000 are odd: `0`, `1`, `2` and 1,997 more; look at them"]),
    ],
)
def test_few_have_a_message_each_and_many_have_one(count: int, told: list[str]) -> None:
    """The number, some of the names, and what to do."""
    found = summed_up(
        range(count),
        each=lambda one: f"`{one}` is odd",
        name=str,
        what="are odd",
        way_out="look at them",
    )
    assert found == told
