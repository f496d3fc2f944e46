"""Installed versions beside tested ones."""

import pytest

from clinvk.model.versions import Drift, drift


@pytest.mark.parametrize(
    ("version", "tested", "expected"),
    [
        ("2.1.197", ("2.1.197", "2.1.329"), Drift.TESTED),
        ("2.1.329", ("2.1.197", "2.1.329"), Drift.TESTED),
        ("2.1.330", ("2.1.197", "2.1.329"), Drift.NEWER),
        ("2.10.0", ("2.9.9",), Drift.NEWER),
        ("2.1.200", ("2.1.197", "2.1.329"), Drift.OTHER),
        ("2.1.9", ("2.1.197",), Drift.OLDER),
        ("1", ("1.0.0",), Drift.TESTED),
        ("0.170.0-alpha.1", ("0.169.0",), Drift.NEWER),
        ("0.169.0-alpha.1", ("0.169.0",), Drift.OLDER),
        ("0.169.0-alpha.10", ("0.169.0-alpha.9",), Drift.NEWER),
        ("1.2.3+build.7", ("1.2.3",), Drift.TESTED),
        (None, ("1",), Drift.UNKNOWN),
        ("1", (), Drift.UNKNOWN),
        ("unknown", ("1",), Drift.UNKNOWN),
    ],
)
def test_a_version_is_compared_figure_by_figure(
    version: str | None, tested: tuple[str, ...], expected: Drift
) -> None:
    """As the makers of the agents number them; what makes no sense is unknown."""
    assert drift(version, tested) is expected
