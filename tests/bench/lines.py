"""How the time to read one strange line grows with its length: `python tests/bench/lines.py`.

Prints, for each kind of line and each parser's `feed`, the seconds for 1, 4 and 10 MB and what ten
times the length costs: about 10 is linear. It asserts nothing.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from clinvk.agents import registry as backends
from clinvk.model.request import TurnRequest

MEGABYTE = 1_000_000
KINDS: Mapping[str, Callable[[int], str]] = {
    "words": lambda size: "word " * (size // 5),
    "braces": lambda size: "{" * size,
    "spaced braces": lambda size: "{ " * (size // 2),
    "quoted braces": lambda size: '{"' * (size // 2),
    "begun objects": lambda size: '{"a": ' * (size // 6),
    "damaged objects": lambda size: '{"a" 1} ' * (size // 8),
    "small objects": lambda size: '{"a": 1}' * (size // 8),
    "a cut object": lambda size: '{"type": "result", "result": "' + "x" * size,
    "an object behind words": lambda size: "x" * size + '{"type": "an event of nobody"}',
    "white space": lambda size: " " * size + '{"type": "an event of nobody"} x',
    "controls": lambda size: "\0" * size + '{"type": "an event of nobody"} x',
}


def seconds(name: str, line: str) -> float:
    """How long a fresh parser takes for the line."""
    parser = backends.get(name).parser(TurnRequest(prompt="", cwd=Path("/project")))
    began = time.perf_counter()
    list(parser.feed(line))
    return time.perf_counter() - began


def main() -> None:
    """Print the table for one parser of each kind."""
    for name in ("claude", "codex"):
        for kind, make in KINDS.items():
            small, middle, large = (seconds(name, make(size * MEGABYTE)) for size in (1, 4, 10))
            ratio = large / max(small, 1e-9)
            print(f"{name:8} {kind:24} {small:8.3f} {middle:8.3f} {large:8.3f}   x{ratio:.0f}")  # noqa: T201


if __name__ == "__main__":
    main()
