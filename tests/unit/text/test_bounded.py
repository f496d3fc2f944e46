"""A text in pieces: linear, and bounded."""

from hypothesis import given
from hypothesis import strategies as st

from clinvk.text.bounded import LONGEST_TEXT, BoundedText


@given(st.lists(st.text(max_size=5)), st.integers(0, 12))
def test_the_text_is_its_pieces_up_to_the_limit(texts: list[str], longest: int) -> None:
    """What is over the limit is counted, and marked as missing."""
    pieces, whole = BoundedText(longest), "".join(texts)
    for text in texts:
        pieces.add(text)
    assert pieces.size == len(whole)
    assert pieces.cut == (len(whole) > longest)
    assert pieces.text == (whole[:longest] + "…" if pieces.cut else whole)
    assert pieces.begin(whole + "and more")
    assert pieces.begin("\0" + whole) == ("\0" + whole).startswith(whole[:longest])


def test_pieces_that_were_cleared_are_gone() -> None:
    """The next text begins afresh."""
    pieces = BoundedText()
    pieces.add("one")
    pieces.clear()
    assert (pieces.size, pieces.text) == (0, "")
    pieces.add("two")
    assert pieces.text == "two"


def test_a_hundred_thousand_pieces_take_linear_time() -> None:
    """Joining each to what there was would copy hundreds of gigabytes."""
    pieces = BoundedText()
    for _ in range(100_000):
        pieces.add("x" * 100)
    assert pieces.size == 10_000_000
    assert len(pieces.text) == LONGEST_TEXT + 1
