"""Whether the agent still has a conversation."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from clinvk.model.conversation import ConversationFiles
from clinvk.store.agent_files.conversations import conversation_exists

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
