"""How long a search takes among 10 000 sessions, beside `grep -rl` over the same files.

    python tests/bench/search.py [--sessions N] [--megabytes M] [--rounds N]

The sessions are made in a temporary folder. The two run alternately, with warm caches, and the
medians are printed with their ratio; nothing is asserted, because machines differ and CI is noisy.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clinvk.model.session import Session
from clinvk.model.usage import Usage
from clinvk.store.sessions.record_fields import encode
from clinvk.store.transcripts.lines import backend_session_line, session_line, text_line
from clinvk.text.json_codec import json_line, json_page, time_to_text

CLINVK = str(Path(sys.executable).with_name("clinvk"))
START = datetime(2025, 1, 27, 10, tzinfo=UTC)

WORDS = (
    *(
        "the",
        "a",
        "of",
        "to",
        "function",
        "returns",
        "error",
        "handler",
        "request",
        "test",
        "fails",
    ),
    *(
        "because",
        "token",
        "is",
        "refreshed",
        "twice",
        "in",
        "auth.go",
        "when",
        "session",
        "expires",
    ),
    *("Straße", "naïve", "—", "“quoted”", "→", "fix", "retry", "loop", "cache", "index", "parse"),
)
RARE, EVERY_TENTH, EVERYWHERE = "quokka", "wombat", "token"
QUERIES = {
    "in 10 sessions": RARE,
    "in a tenth of them": EVERY_TENTH,
    "in all of them": EVERYWHERE,
    "in none": "xylophone",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, ".clinvk")
        size = _make(home, options.sessions, options.megabytes * 1_000_000 // options.sessions)
        sys.stdout.write(f"{options.sessions:,} sessions, {size / 1e6:.0f} MB of transcripts\n")
        for title, word in QUERIES.items():
            _print(title, *_measure(home, word, options.rounds))


def _measure(home: Path, word: str, rounds: int) -> tuple[float, float]:
    """Median seconds of `grep -rl` and of our search."""
    env = {"HOME": str(home.parent), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    grep = ["grep", "-rl", word, str(home)]
    ours = [CLINVK, "sessions", "search", word]
    taken: dict[str, list[float]] = {"grep": [], "ours": []}
    for _ in range(rounds + 1):
        taken["grep"].append(_timed(grep, env))
        taken["ours"].append(_timed(ours, env))
    # The first of each fills the caches.
    return statistics.median(taken["grep"][1:]), statistics.median(taken["ours"][1:])


def _timed(argv: Sequence[str], env: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(argv, env=env, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - started


def _print(title: str, grep: float, ours: float) -> None:
    sys.stdout.write(
        f"  {title:<20} grep -rl {grep * 1000:>7.0f} ms   search {ours * 1000:>7.0f} ms"
        f"   {ours / grep:>6.1f}x\n"
    )


def _make(home: Path, sessions: int, size: int) -> int:
    """Write the sessions as clinvk writes them, but for the syncing; the bytes of transcripts."""
    chance = random.Random(7)
    for folder in ("sessions", "transcripts"):
        (home / folder).mkdir(parents=True)
    total = 0
    for number in range(sessions):
        session_id = f"{number:012x}"
        marks = [EVERYWHERE]
        marks += [RARE] if number % max(1, sessions // 10) == 0 else []
        marks += [EVERY_TENTH] if number % 10 == 0 else []
        at = START + timedelta(minutes=number)
        session = Session(
            id=session_id,
            backend="demo",
            cwd=f"/projects/app{number % 20}",
            created_at=at,
            last_used_at=at,
            title=_text(chance, 40),
            turns=2,
            usage=Usage(input_tokens=1234, output_tokens=567),
        )
        transcript = b"".join(map(json_line, _lines(session, chance, marks, size)))
        (home / "sessions" / f"{session_id}.json").write_bytes(json_page(encode(session)))
        (home / "transcripts" / f"{session_id}.jsonl").write_bytes(transcript)
        total += len(transcript)
    os.sync()
    return total


def _lines(
    session: Session, chance: random.Random, marks: list[str], size: int
) -> Iterator[dict[str, Any]]:
    """Two turns with streamed pieces, a tool with its output, and the answer once more."""
    yield session_line(session)
    at = time_to_text(session.created_at)
    for turn in (1, 2):
        answer = f"{_text(chance, size // 12)} {marks[turn - 1 : turn] or marks} " + " ".join(marks)
        yield {
            "type": "turn_started",
            "turn": turn,
            "at": at,
            "prompt": _text(chance, size // 30),
            "model": None,
            "access": None,
            "cwd": session.cwd,
            "conversation": None,
            "resume": turn > 1,
        }
        yield backend_session_line(turn, session.created_at, f"c-{session.id}", "model-1")
        for begin in range(0, len(answer), 300):
            yield text_line("message", turn, answer[begin : begin + 300])
        yield {"type": "tool_use", "turn": turn, "id": "t1", "name": "Bash", "summary": "go test"}
        output = f"\x1b[31mFAIL\x1b[0m\n{_text(chance, size // 15)}"
        yield {"type": "tool_result", "turn": turn, "id": "t1", "ok": False, "text": output}
        files = [{"path": f"src/{chance.choice(WORDS)}.py", "change": "modified"}]
        yield {"type": "file_change", "turn": turn, **files[0]}
        yield {
            "type": "turn_finished",
            "turn": turn,
            "at": at,
            "stop_reason": "end_turn",
            "text": answer,
            "usage": session.usage.figures,
            "cost_usd": 0.01,
            "model": "model-1",
            "conversation": f"c-{session.id}",
            "counters": None,
            "failure": None,
            "exit_code": 0,
            "duration_s": 1.5,
            "files": files,
        }


def _text(chance: random.Random, size: int) -> str:
    """Some words, about so many characters."""
    words = chance.choices(WORDS, k=max(1, size // 6))
    return "\n".join(" ".join(words[at : at + 12]) for at in range(0, len(words), 12))


if __name__ == "__main__":
    main()
