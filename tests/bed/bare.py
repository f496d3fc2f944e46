"""A home without any agent but the demo, for tests that need no Node."""

from pathlib import Path
from types import SimpleNamespace

from bed.command import Command


def bare_command(folder: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    home, project = folder / "home", folder / "project"
    home.mkdir()
    project.mkdir()
    env = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "CLINVK_DEMO_DELAY_MS": "0",
    }
    bare = SimpleNamespace(home=home, project=project, env=env, clinvk_home=home / ".clinvk")
    return Command(bare)
