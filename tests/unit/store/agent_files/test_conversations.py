"""Whether the agent still has a conversation."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from clinvk.model.conversation import ConversationFiles
from clinvk.store.agent_files.conversations import (
    conversation_exists,
    conversation_lines,
    first_lines,
    lines_backwards,
)

ASKS_AS_NOBODY = """
import os, sys
from pathlib import Path
from clinvk.model.conversation import ConversationFiles
from clinvk.store.agent_files.conversations import conversation_exists
conversation_exists(ConversationFiles(Path("/"), "nothing"))
if os.geteuid() == 0:
    os.setuid(65534)
print(conversation_exists(ConversationFiles(Path(sys.argv[1]), "**/abc.jsonl")))
"""


def test_a_conversation_is_there_if_a_file_matches(tmp_path: Path) -> None:
    """The pattern is a glob below the root, with any number of folders for `**`."""
    (tmp_path / "2025" / "01").mkdir(parents=True)
    (tmp_path / "2025" / "01" / "rollout-1-abc.jsonl").touch()
    assert conversation_exists(ConversationFiles(tmp_path, "**/*-abc.jsonl")) is True
    assert conversation_exists(ConversationFiles(tmp_path, "2025/*/*-abc.jsonl")) is True
    assert conversation_exists(ConversationFiles(tmp_path, "**/*-abd.jsonl")) is False


def test_a_file_that_the_agent_cannot_continue_does_not_count(tmp_path: Path) -> None:
    """If the backend can check the lines, one file that can be continued is enough."""

    def spoken(lines: Iterable[str]) -> bool:
        return any("hello" in line for line in lines)

    files = ConversationFiles(tmp_path, "*.jsonl", holds=spoken)
    (tmp_path / "empty.jsonl").write_text("begun\n")
    assert conversation_exists(files) is False
    (tmp_path / "other.jsonl").write_text("begun\nhello\n")
    assert conversation_exists(files) is True


def test_parts_are_one_conversation_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Forwards and backwards; without `parts` two files are two conversations."""
    for name, content in {"2": "c\n", "1": "a\nb\n", "3": ""}.items():
        (tmp_path / name).write_text(content)
    parts = ConversationFiles(tmp_path, "*", parts=True)
    [lines] = conversation_lines(parts) or []
    assert [*lines] == ["a", "b", "c"]
    assert [*lines_backwards(parts)] == ["c", "b", "a"]
    assert [*lines_backwards(ConversationFiles(tmp_path, "*"))] == []
    assert conversation_lines(ConversationFiles(tmp_path, "none", parts=True)) == []


def test_a_whole_value_is_its_first_line(tmp_path: Path) -> None:
    """However many lines it has in the file."""
    (tmp_path / "meta.json").write_text('{\n  "a": 1,\n  "b": 2\n}\n')
    [line] = first_lines(ConversationFiles(tmp_path, "*.json", whole=True), since=0)
    assert json.loads(line) == {"a": 1, "b": 2}
    assert [*first_lines(ConversationFiles(tmp_path, "*.json"), since=0)] == ["{\n"]


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_missing_folder_says_nothing(tmp_path: Path, name: str) -> None:
    """The agent may keep its files elsewhere: only a folder that is there can lack something."""
    (tmp_path / "file").touch()
    assert conversation_exists(ConversationFiles(tmp_path / name, "*.jsonl")) is None
    assert conversation_exists(None) is None
    alone = ConversationFiles(tmp_path / name, "*.jsonl", only_witness=True)
    assert conversation_exists(alone) is False


@pytest.mark.parametrize("closed", ["a part", "all", "the way there"])
def test_a_folder_that_cannot_be_read_says_nothing(closed: str) -> None:
    """Only a folder that was looked at in full can be said to lack a conversation."""
    with TemporaryDirectory() as outside:
        root = Path(outside, "way", "root")
        (root / "part").mkdir(parents=True)
        Path(outside).chmod(0o755)
        locked = {"a part": root / "part", "all": root, "the way there": root.parent}[closed]
        locked.chmod(0o000)
        said = subprocess.run(
            [sys.executable, "-c", ASKS_AS_NOBODY, str(root)],
            capture_output=True,
            text=True,
            check=False,
        )
        locked.chmod(0o700)
    assert (said.stdout, said.stderr) == ("None\n", "")
