"""The files of the repository that the package writes itself: completions, reference, a table.

    python -m clinvk.cli.generated [FOLDER]

writes them below the current directory, or below FOLDER; a test compares.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

PAGE = "docs/backends.md"
"""A page that people write, but for its table."""


def generated_files() -> Mapping[str, str]:
    """The text of each file, by its path in the repository."""
    from clinvk.cli.completion.scripts import FILES, script
    from clinvk.cli.reference import render_reference

    completions = {f"completions/{name}": script(shell) for name, shell in FILES.items()}
    return {**completions, "docs/commands.md": render_reference()}


def filled_page(page: str) -> str:
    """The text of `PAGE`, with its table as it should be."""
    from clinvk.cli.capabilities import with_capabilities

    return with_capabilities(page)


def write_generated(folder: Path) -> None:
    """Write them all below `folder`, and the table into the page that is there, if it is."""
    page = folder / PAGE
    if page.is_file():
        page.write_text(filled_page(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, text in generated_files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_generated(Path(*sys.argv[1:2]))
