"""Findings by their severity, and their remedies as shell commands."""

import shlex
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from clinvk.model.finding import Finding, Severity

Report = tuple[str, Iterable[Finding]]
"""What a check returns: a short summary of its area, and its findings."""

problem = partial(Finding, Severity.PROBLEM)
warning = partial(Finding, Severity.WARNING)
note = partial(Finding, Severity.NOTE)

FIX = "clinvk doctor --fix"
"""The command that makes all safe repairs."""


def command(*words: str | Path) -> str:
    """The words as one line for a shell, quoted."""
    return shlex.join(map(str, words))
