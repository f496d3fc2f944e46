"""The files of the repository that the commands write themselves: completions and reference.

    python -m clinvk.cli.generated [FOLDER]

writes them below the current directory, or below FOLDER; a test compares.
"""

import sys
from collections.abc import Mapping
from pathlib import Path


def generated_files() -> Mapping[str, str]:
    """The text of each file, by its path in the repository."""
    from clinvk.cli.completion.scripts import FILES, script
    from clinvk.cli.reference import render_reference

    completions = {f"completions/{name}": script(shell) for name, shell in FILES.items()}
    return {**completions, "docs/commands.md": render_reference()}


def write_generated(folder: Path) -> None:
    """Write them all below `folder`."""
    for name, text in generated_files().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_generated(Path(*sys.argv[1:2]))
