"""Where everything lies."""

from pathlib import Path

import pytest

from clinvk.store.home import Home, home_from, is_session_id

USER_HOME = Path("/home/ada")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "/home/ada/.clinvk"),
        ({"CLINVK_HOME": ""}, "/home/ada/.clinvk"),
        ({"CLINVK_HOME": "/srv/clinvk"}, "/srv/clinvk"),
        ({"CLINVK_HOME": "~"}, "/home/ada"),
        ({"CLINVK_HOME": "~/state"}, "/home/ada/state"),
    ],
    ids=["unset", "empty", "absolute", "tilde", "below tilde"],
)
def test_the_home_is_the_variables_or_the_default(environ: dict[str, str], expected: str) -> None:
    """`CLINVK_HOME` moves the folder, and `~` in it is the person's home that was passed in."""
    assert home_from(environ, USER_HOME) == Home(Path(expected))


def test_asking_for_paths_creates_nothing(tmp_path: Path) -> None:
    """Reading commands leave no folders behind."""
    home = Home(tmp_path / "home")
    asked = [home.config_file, home.cache, home.record("0" * 12), home.transcript("0" * 12)]
    asked += [home.session_lock("0" * 12), home.name_lock("pr-842")]
    assert all(path.is_relative_to(home.root) for path in asked)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "../../etc/passwd", "0123456789a", "0123456789abc", "0123456789AB", "0123456789ab\n"],
)
def test_only_an_id_becomes_a_path(text: str) -> None:
    """Anything but a full id is a bug where a path is asked for, and never a path."""
    assert not is_session_id(text)
    for ask in (Home(USER_HOME).record, Home(USER_HOME).transcript, Home(USER_HOME).session_lock):
        with pytest.raises(ValueError, match="not a session id"):
            ask(text)


@pytest.mark.parametrize("name", ["pr-842", "../../x", "a/b", "", "é\udc80", "n" * 5000, "a\0b"])
def test_a_name_never_becomes_a_path(name: str) -> None:
    """The lock of a name has a short file name of its own, whatever the name is."""
    path = Home(USER_HOME).name_lock(name)
    assert path.parent == Home(USER_HOME).locks
    assert len(path.name) < 64
    assert path == Home(USER_HOME).name_lock(name)
    assert path != Home(USER_HOME).name_lock(name + "x")
