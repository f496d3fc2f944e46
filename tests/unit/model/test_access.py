"""Access: what counts as wider."""

import pytest

from clinvk.model.access import Access, is_wider

READ, ASK, EDIT, FULL = Access


@pytest.mark.parametrize(
    ("asked", "kept", "wider"),
    [
        (READ, READ, False),
        (EDIT, READ, True),
        (FULL, EDIT, True),
        (READ, FULL, False),
        (EDIT, FULL, False),
        (None, None, False),
        (None, READ, True),
        (None, EDIT, True),
        (None, FULL, False),
        (READ, None, False),
        (EDIT, None, True),
        (FULL, None, True),
        (ASK, READ, True),
        (EDIT, ASK, True),
        (ASK, EDIT, False),
        (ASK, None, False),
        (None, ASK, True),
    ],
)
def test_wider_means_that_more_may_be_allowed(
    asked: Access | None,
    kept: Access | None,
    wider: bool,  # noqa: FBT001  a table's column
) -> None:
    """The agent's own default may be any level, so it is compared cautiously."""
    assert is_wider(asked, kept) is wider
