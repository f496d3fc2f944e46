"""What a doctor sees of the home that needs a disk that is full, or another user's eyes."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.model.config import merge
from clinvk.model.finding import Severity
from clinvk.services.doctor.findings import Report
from clinvk.services.doctor.home import check_home
from clinvk.services.doctor.records import check_records
from clinvk.services.doctor.survey import Survey, survey
from clinvk.services.world import World
from clinvk.store.home import Home

NOBODY = 65534


@pytest.fixture
def looked(world: World) -> Iterator[Survey]:
    """A home of our own, looked at by one whom modes keep out: root is somebody else meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "home"
        for path in (root, root / "sessions", root / "transcripts"):
            path.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
        before = os.geteuid()
        if before == 0:
            os.seteuid(NOBODY)
        try:
            yield survey(replace(world, home=Home(root)), merge({}, {}), (), "utf-8")
        finally:
            os.seteuid(before)


def _codes(report: Report) -> list[str]:
    _, findings = report
    found = list(findings)
    assert all(one.severity is not Severity.NOTE for one in found)
    return [one.code for one in found]


def test_a_home_of_ones_own_is_well(looked: Survey) -> None:
    """What the other tests start from."""
    assert _codes(check_home(looked)) == []


@pytest.mark.parametrize("name", ["", "sessions", "transcripts"])
def test_a_folder_that_cannot_be_written_is_a_problem(looked: Survey, name: str) -> None:
    """Nothing could be recorded; the remedy is the mode that it lacks."""
    folder = looked.world.home.root / name
    folder.chmod(0o500)
    assert _codes(check_home(looked)) == ["home_not_writable"]
    _, [finding] = check_home(looked)
    assert finding.where == str(folder)
    assert finding.command == f"chmod u+rwx {folder}"
    folder.chmod(0o700)
    assert _codes(check_home(looked)) == []


def test_a_folder_that_cannot_be_read_is_a_problem_and_hides_no_other_check(
    looked: Survey,
) -> None:
    """Who cannot see the sessions says so, and does not say that there are none."""
    looked.world.home.sessions.chmod(0o300)
    again = survey(looked.world, looked.settings, (), "utf-8")
    assert _codes(check_records(again)) == ["folder_unreadable"]
    assert _codes(check_home(again)) == ["home_not_writable", "folder_unreadable"]


def test_a_disk_that_is_nearly_full_is_a_warning(looked: Survey) -> None:
    """The figure is that of the disk on which the home lies, also of one that is to be made."""
    assert _codes(check_home(looked, low_bytes=1 << 62)) == ["space_low"]
    away = replace(looked, world=replace(looked.world, home=Home(looked.world.home.root / "a/b")))
    assert _codes(check_home(away, low_bytes=1 << 62)) == ["space_low"]
    assert not looked.world.home.root.joinpath("a").exists()
