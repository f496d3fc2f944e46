"""Figures: unknown is never zero."""

from clinvk.model.usage import UNKNOWN_USAGE, Usage, total_usage


def test_a_total_needs_both_input_and_output() -> None:
    """Total is input and output together, and unknown as long as one of them is."""
    assert Usage(input_tokens=1234, output_tokens=5678, cached_tokens=500).total_tokens == 6912
    assert Usage(input_tokens=1234).total_tokens is None
    assert UNKNOWN_USAGE.total_tokens is None


def test_zero_is_known_and_nothing_is_not() -> None:
    """A reported zero is a figure; no figure at all is unknown."""
    assert Usage(input_tokens=0).known
    assert not UNKNOWN_USAGE.known


def test_a_sum_runs_over_the_parts_that_know_a_field() -> None:
    """A field that no part knows stays unknown; the others are summed where known."""
    parts = (Usage(input_tokens=1, output_tokens=2), UNKNOWN_USAGE, Usage(input_tokens=10))
    assert total_usage(parts) == Usage(input_tokens=11, output_tokens=2)
    assert total_usage([]) == UNKNOWN_USAGE
