"""What broke something once, tried again: `corpus/TARGET/` holds each input as a plain file."""

from pathlib import Path

import pytest

from fuzz.targets import CORPUS, check_thoroughly

KEPT = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: str(path.relative_to(CORPUS)))
def test_an_input_that_failed_once_passes_now(path: Path) -> None:
    """The promise of its target is kept."""
    check_thoroughly(path.parent.name, path.read_bytes())
