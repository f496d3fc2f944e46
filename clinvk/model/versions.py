"""Compares an installed version with the tested ones."""

import re
from collections.abc import Iterable
from enum import StrEnum

_FIGURES = r"[0-9]{1,9}"
_RELEASE = r"[0-9.]*"
_PART = r"[0-9]{1,9}|[^0-9]+"


class VersionMatch(StrEnum):
    """How an installed version compares with the tested ones; `OTHER` is between two of them.

    `TOO_OLD` is older than the oldest that works.
    """

    TESTED = "tested"
    NEWER = "newer"
    OLDER = "older"
    TOO_OLD = "too_old"
    OTHER = "other"
    UNKNOWN = "unknown"


def match_version(version: str | None, tested: Iterable[str]) -> VersionMatch:
    """Compare `version` with the tested ones; `UNKNOWN` without a version or tested versions.

    Digits are compared as numbers, and a version with a word (`1.2.0-alpha.1`) comes before the
    same one without it.
    """
    known = sorted(map(_order, tested))
    if version is None or not known or not re.search(_FIGURES, version):
        return VersionMatch.UNKNOWN
    place = _order(version)
    if place in known:
        return VersionMatch.TESTED
    if place > known[-1]:
        return VersionMatch.NEWER
    return VersionMatch.OLDER if place < known[0] else VersionMatch.OTHER


def _order(version: str) -> tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]:
    """A sort key: the numbers before any word, whether there is no word, and the rest."""
    release = re.match(_RELEASE, version)
    head = release[0] if release else ""
    rest = version[len(head) :].partition("+")[0]
    figures = [int(figure) for figure in re.findall(_FIGURES, head)]
    while figures and figures[-1] == 0:
        figures.pop()
    parts = re.findall(_PART, rest)
    words = tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)
    return tuple(figures), not rest, words
