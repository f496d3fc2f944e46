"""What import, clean and delete of many sessions take, beside another clinvk.

    python tests/bench/many.py [--count N] [--beside PROGRAM] [--only WORK]

PROGRAM is the `clinvk` of another version, in an environment of its own; both work on homes of the
same content, in turns. The sessions are those of one agent, whose own files are there too. It
asserts nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinvk.model.conversation import Conversation
from clinvk.model.session import Session
from clinvk.model.usage import Usage
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import encode
from clinvk.store.transcripts.lines import session_line
from clinvk.text.json_codec import json_line, json_page, time_to_text

OURS = str(Path(sys.executable).with_name("clinvk"))
START = datetime(2025, 1, 27, 10, tzinfo=UTC)
PROJECTS = 40


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--beside", metavar="PROGRAM", default=OURS)
    parser.add_argument("--only", metavar="WORK")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        ids = _make(made, options.count)
        exported = Path(folder) / "export.json"
        _export(made, exported, ids)
        works = {
            "import": (False, ["import", str(exported)]),
            "clean": (True, ["clean", "--older-than", "30d"]),
            "clean --dry-run": (True, ["clean", "--older-than", "30d", "--dry-run"]),
            "delete": (True, ["delete", "-y", *ids]),
            "reindex": (True, ["reindex"]),
        }
        sys.stdout.write(f"{options.count:,} sessions{'beside':>23}{'this':>11}\n")
        for name, (full, words) in works.items():
            if options.only not in (None, name):
                continue
            taken = []
            for program in (options.beside, OURS):
                user = Path(folder) / "user"
                shutil.copytree(made, user)
                if not full:
                    shutil.rmtree(user / ".clinvk")
                else:
                    _clinvk(program, user, "sessions", "list", "-n", "1")  # makes the index
                os.sync()
                started = time.monotonic()
                _clinvk(program, user, "sessions", *words)
                taken.append(time.monotonic() - started)
                shutil.rmtree(user)
            before, after = taken
            times = f"{before:>15.1f} s{after:>9.1f} s{before / after:>6.1f}x"
            sys.stdout.write(f"  {name:<22}{times}\n")
            sys.stdout.flush()


def _clinvk(program: str, user: Path, *words: str) -> None:
    env = {"HOME": str(user), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    subprocess.run(
        [program, *words],
        env=env,
        cwd=user,
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )


def _make(user: Path, count: int) -> list[str]:
    """Write the sessions of a user, and the agent's files; the ids."""
    home = Home(user / ".clinvk")
    for folder in (user, home.root, home.sessions, home.transcripts, home.locks):
        folder.mkdir(mode=0o700)
    projects = [user / ".claude" / "projects" / f"-projects-app{one}" for one in range(PROJECTS)]
    for project in projects:
        project.mkdir(parents=True)
    ids = [f"{number * 7919 * 7919 % (1 << 48):012x}" for number in range(count)]
    for number, session_id in enumerate(ids):
        at = START + timedelta(minutes=number)
        conversation = f"0f7c6f0e-6d5f-4f0a-9d8e-{number:012x}"
        session = Session(
            id=session_id,
            backend="claude",
            cwd=f"/projects/app{number % PROJECTS}",
            created_at=at,
            last_used_at=at,
            title=f"Fix the bug number {number}",
            turns=2,
            usage=Usage(input_tokens=number, output_tokens=567),
        ).with_conversation(Conversation(backend="claude", id=conversation, seen=True))
        _write(home.record(session_id), json_page(encode(session)))
        lines = [session_line(session)]
        for turn in (1, 2):
            begun = {"prompt": "fix it", "model": None, "access": None, "cwd": session.cwd}
            begun |= {"conversation": conversation, "resume": turn > 1}
            when = {"turn": turn, "at": time_to_text(at)}
            lines += [
                {"type": "turn_started", **when, **begun},
                {"type": "message", "turn": turn, "text": "It is fixed. " * 20},
                {"type": "turn_finished", **when},
            ]
        _write(home.transcript(session_id), b"".join(map(json_line, lines)))
        _write(home.session_lock(session_id), b"")  # as each run leaves it
        _write(projects[number % PROJECTS] / f"{conversation}.jsonl", b'{"type": "user"}\n')
    return ids


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _export(user: Path, to: Path, ids: list[str]) -> None:
    """Write the export of all sessions, as `sessions export` does."""
    home = Home(user / ".clinvk")
    sessions = [
        {
            "record": json.loads(home.record(one).read_bytes()),
            "transcript": list(map(json.loads, home.transcript(one).read_bytes().splitlines())),
        }
        for one in ids
    ]
    to.write_text(json.dumps({"clinvk_export": 1, "sessions": sessions}))


if __name__ == "__main__":
    main()
