"""A home in which every text that somebody else may write tries to drive the terminal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bed.command import Command
from bed.kept import with_conversation

TEXT = (
    "a\x1b]0;TITLE\x07b\x1b]52;c;UFdORUQ=\x07c\x1b]8;;evil:x\x1b\\l\x1b]8;;\x1b\\d\x1b[2Je\x1b[5;41mf"
    "\x9b31mg\x90dcs\x9ch\x08i\x7fj\u202ek\u2066l\u2069m\u200bn\ufeffo\U000e0041p\x1bcq\x85r\rs"
)
"""Title, clipboard, link, clearing, colour, C1, backspace, direction, zero width, tag, reset."""

NAMED, STRANGER, GONE, DAMAGED = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd"


@dataclass(frozen=True, slots=True)
class Hostile:
    """The files of that home that a test names."""

    project: Path
    good_export: Path
    bad_export: Path
    good_config: Path
    bad_config: Path
    elsewhere: Path


def prompt() -> str:
    """A prompt after which the demo agent says, thinks, writes and is titled all of it."""
    directives = [f"/title {TEXT}", f"/think {TEXT}", f"/write {TEXT}.txt {TEXT}"]
    said = f"/say {TEXT} *{TEXT}* `{TEXT}` [{TEXT}](x:{TEXT}) &#27;[5m &#x202e;"
    return "\n".join([TEXT.replace("\r", ""), *directives, said])


def make_hostile(clinvk: Command, folder: Path) -> Hostile:
    """Fill the home; the demo agent's own run is the first session."""
    project = clinvk.home.project / f"dir{TEXT}"
    project.mkdir()
    ran = clinvk("-b", "demo", "--access", "edit", "-", stdin=prompt(), cwd=project)
    assert ran.exit_code == 0, ran.stderr
    sessions = clinvk.home.clinvk_home / "sessions"
    (first,) = sessions.glob("*.json")
    transcript = clinvk.home.clinvk_home / "transcripts" / f"{first.stem}.jsonl"
    lines = transcript.read_text("utf-8").replace(first.stem, NAMED)
    transcript.with_name(f"{NAMED}.jsonl").write_text(lines, "utf-8")
    record = json.loads(first.read_text("utf-8"))
    labels = {"title": f"t{TEXT}", "tags": [f"g{TEXT}"], "parent": f"p{TEXT}"}

    def put(session_id: str, **fields: Any) -> None:
        said = {**record, "id": session_id, **labels, **fields}
        named = {"model": f"m{TEXT}"}
        if session_id == STRANGER:
            named["backend_session_id"] = f"c{TEXT}"
        text = json.dumps(with_conversation(said, **named))
        (sessions / f"{session_id}.json").write_text(text, "utf-8")

    put(NAMED, name="nm")
    put(STRANGER, name=f"n{TEXT}", backend=f"b{TEXT}")
    put(GONE, name=None, cwd=f"/no/{TEXT}")
    put(DAMAGED, name=None, title=5)
    (sessions / f"z{TEXT}.json").write_text("{", "utf-8")
    return _files(clinvk, folder, project)


def _files(clinvk: Command, folder: Path, project: Path) -> Hostile:
    export = clinvk("sessions", "export", STRANGER, "--format", "json").json()
    made: dict[str, Path] = {}

    def write(name: str, value: Mapping[str, Any]) -> None:
        made[name] = folder / f"{name}{TEXT}.json"
        made[name].write_text(json.dumps(value), "utf-8")

    export["sessions"][0]["record"]["id"] = "eeeeeeeeeeee"
    write("good_export", export)
    export["sessions"][0]["record"]["id"] = f"z{TEXT}"
    write("bad_export", export)
    write("good_config", {"backends": {"demo": {"system_prompt": TEXT}}})
    write("bad_config", {"run": {"timeout": TEXT, f"a{TEXT}": 1}})
    return Hostile(project=project, elsewhere=folder / f"out{TEXT}", **made)
