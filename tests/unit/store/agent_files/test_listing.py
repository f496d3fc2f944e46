"""A listing answers as a glob does, for any number of patterns at the price of one."""

from glob import escape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinvk.store.agent_files.listing import ConversationListing, depth_of

FILES = (
    "a/1.jsonl",
    "a/x*y.jsonl",
    "b/[1].jsonl",
    "b/c/1.jsonl",
    "2025/01/02/rollout-t-1-2.jsonl",
    "1.jsonl",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with those files."""
    made = tmp_path_factory.mktemp("agent")
    for name in FILES:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("")
    return made


@pytest.mark.parametrize(
    "pattern",
    [
        "*/1.jsonl",
        f"*/{escape('x*y')}.jsonl",
        f"*/{escape('[1]')}.jsonl",
        "*/*/*/rollout-*-1-2.jsonl",
        "*/*/*/rollout-*-2.jsonl",
        "*/*/*/rollout-*-3.jsonl",
        "*/*/1.jsonl",
        "?/1.jsonl",
        "[ab]/1.jsonl",
        "[!a]/[[]1].jsonl",
        "1.jsonl",
        "2.jsonl",
        "*",
    ],
)
def test_it_finds_what_a_glob_finds(root: Path, pattern: str) -> None:
    """The same files, and nothing where there is none."""
    depth = depth_of(pattern)
    assert depth is not None
    assert set(ConversationListing(root, depth).find(pattern)) == set(root.glob(pattern))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FILES), wild=st.sets(st.integers(0, 30)))
def test_any_part_may_be_wild(root: Path, name: str, wild: set[int]) -> None:
    """Whichever letters are question marks, the file that it was made from is found."""
    pattern = "".join(
        "?" if index in wild and letter != "/" else escape(letter)
        for index, letter in enumerate(name)
    )
    found = ConversationListing(root, 4).find(pattern)
    assert root / name in found
    assert set(found) <= set(root.glob(pattern))


def test_only_a_folder_that_was_wholly_read_is_complete(root: Path, tmp_path: Path) -> None:
    """What is not there is gone only then."""
    assert ConversationListing(root, 2).complete
    assert not ConversationListing(tmp_path / "nowhere", 2).complete
    assert depth_of("**/1.jsonl") is None
