"""An agent that shows in which order it is dealt with: it leaves files, and tells what it finds.

It takes the folder for its files, the transcripts' folder, and a behaviour. Standard library only.
"""

import os
import sys
from pathlib import Path


def transcripts(folder: Path) -> str:
    """What is on disk of the turn, as words."""
    written = "".join(path.read_text() for path in folder.glob("*.jsonl"))
    return " ".join(kind for kind in ("turn_started", "turn_finished") if kind in written)


def main() -> None:
    """Say that it is up, wait for the prompt, and tell what is on disk by then."""
    marks, kept, behaviour = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    (marks / "up").write_text(transcripts(kept))
    if behaviour == "leaves":
        sys.stderr.write("no more of this\n")
        sys.exit(7)
    prompt = sys.stdin.readline()
    if not prompt:
        sys.exit(3)
    (marks / "prompt").write_text(prompt)
    if behaviour == "asks":
        os.write(1, b"may I?\n")
        prompt = sys.stdin.readline()
    os.write(1, f"{prompt.strip()} {transcripts(kept)}".strip().encode() + b"\n")


if __name__ == "__main__":
    main()
