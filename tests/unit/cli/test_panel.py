"""A panel at the bottom of the output: drawn, replaced, erased."""

import pytest

from clinvk.cli.panel import Panel


def test_it_is_drawn_with_the_cursor_in_its_last_line() -> None:
    """At the column in which a person types."""
    panel = Panel(lines=("one", "two? "), column=5)
    assert panel.drawn_over(None, 80, reflows=True) == "one\ntwo? \r\x1b[5C"


def test_only_the_last_line_is_drawn_again_if_the_others_are_the_same() -> None:
    """A clock that ticks does not touch what a person selects with the mouse."""
    before = Panel(lines=("one", "1s"), column=2)
    after = Panel(lines=("one", "2s"), column=2)
    assert after.drawn_over(before, 80, reflows=True) == "\r\x1b[J2s\r\x1b[2C"
    other = Panel(lines=("two", "2s"), column=2)
    assert other.drawn_over(after, 80, reflows=True) == "\x1b[1A\r\x1b[Jtwo\n2s\r\x1b[2C"


@pytest.mark.parametrize(
    ("columns", "reflows", "up"), [(80, True, 2), (10, True, 4), (10, False, 2), (4, True, 11)]
)
def test_it_is_erased_whatever_the_width_is_now(
    columns: int,
    reflows: bool,  # noqa: FBT001  a column of the table
    up: int,
) -> None:
    """A terminal that became narrower has wrapped its lines; styles take no columns."""
    panel = Panel(lines=("\x1b[1m0123456789\x1b[0m", "x" * 25, "answer "), column=7)
    assert panel.erased(columns, reflows=reflows) == f"\x1b[{up}A\r\x1b[J"


def test_a_single_line_is_erased_where_the_cursor_is() -> None:
    """Without moving up."""
    assert Panel(lines=("one",)).erased(80, reflows=True) == "\r\x1b[J"
