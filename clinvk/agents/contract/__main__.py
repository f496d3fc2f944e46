"""`python -m clinvk.agents.contract NAME [RECORDING...]`."""

import argparse
import sys
from pathlib import Path

from clinvk.agents import registry as backends
from clinvk.agents.contract import Subject, verdicts
from clinvk.errors import ClinvkError


def main() -> int:
    """Print one line per check; 1 if a check fails, 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(
        prog="python -m clinvk.agents.contract",
        description="Check a backend against the contract of every backend.",
    )
    parser.add_argument("name", help="a backend of clinvk or of an installed package")
    parser.add_argument(
        "recordings", nargs="*", type=Path, help="files with what the CLI printed in one turn"
    )
    options = parser.parse_args()
    try:
        backend = backends.get(options.name)
        recordings = [
            file.read_text("utf-8", "replace").splitlines() for file in options.recordings
        ]
    except (ClinvkError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    broken = 0
    for verdict in verdicts(Subject(backend=backend, recordings=recordings)):
        broken += bool(verdict.wrong)
        sign = "✗" if verdict.wrong else "✓"
        why = f": {verdict.wrong}" if verdict.wrong else ""
        sys.stdout.write(f"{sign} {verdict.promise}{why}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
