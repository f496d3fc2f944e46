"""Installed versions beside tested ones."""

import pytest

from clinvk.model.versions import VersionMatch, match_version


@pytest.mark.parametrize(
    ("version", "tested", "expected"),
    [
        ("2.1.197", ("2.1.197", "2.1.329"), VersionMatch.TESTED),
        ("2.1.329", ("2.1.197", "2.1.329"), VersionMatch.TESTED),
        ("2.1.330", ("2.1.197", "2.1.329"), VersionMatch.NEWER),
        ("2.10.0", ("2.9.9",), VersionMatch.NEWER),
        ("2.1.200", ("2.1.197", "2.1.329"), VersionMatch.OTHER),
        ("2.1.9", ("2.1.197",), VersionMatch.OLDER),
        ("1", ("1.0.0",), VersionMatch.TESTED),
        ("0.170.0-alpha.1", ("0.169.0",), VersionMatch.NEWER),
        ("0.169.0-alpha.1", ("0.169.0",), VersionMatch.OLDER),
        ("0.169.0-alpha.10", ("0.169.0-alpha.9",), VersionMatch.NEWER),
        ("1.2.3+build.7", ("1.2.3",), VersionMatch.TESTED),
        (None, ("1",), VersionMatch.UNKNOWN),
        ("1", (), VersionMatch.UNKNOWN),
        ("unknown", ("1",), VersionMatch.UNKNOWN),
    ],
)
def test_a_version_is_compared_figure_by_figure(
    version: str | None, tested: tuple[str, ...], expected: VersionMatch
) -> None:
    """As the makers of the agents number them; what makes no sense is unknown."""
    assert match_version(version, tested) is expected
