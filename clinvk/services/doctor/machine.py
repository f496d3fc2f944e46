"""The machine: encoding, temporary files, and optional tools."""

import os
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from clinvk.model.finding import Area, Checked, Finding, RemoveScratch, Severity
from clinvk.process.scratch import iter_abandoned, iter_left
from clinvk.services.agents.programs import which
from clinvk.services.doctor.shell import command
from clinvk.services.doctor.survey import Survey
from clinvk.services.world import World

_finding = partial(Finding, area=Area.MACHINE)


def check_machine(survey: Survey) -> Checked:
    """Only the temporary files are needed to run an agent."""
    findings = (
        *_letters(survey.encoding),
        *_temporary(survey.world),
        *_scratch(survey.world),
        *_abandoned(survey.world),
        *_git(survey.world),
        *_editor(survey.world),
    )
    return Checked(area=Area.MACHINE, summary=survey.encoding.lower(), findings=findings)


def _letters(encoding: str) -> Iterator[Finding]:
    if encoding.lower().replace("-", "").replace("_", "") not in {"utf8", "utf8sig"}:
        yield _finding(
            severity=Severity.WARNING,
            code="not_utf8",
            message=f"the output uses `{encoding}`: characters that it lacks are shown as escapes",
            where="LC_ALL, LC_CTYPE, LANG",
            command="export LC_ALL=C.UTF-8; unset PYTHONIOENCODING",
        )


def _temporary(world: World) -> Iterator[Finding]:
    """Some agents get a system prompt through a temporary file."""
    said = world.environ.get("TMPDIR", "")
    if said and not (Path(said).is_dir() and os.access(said, os.W_OK | os.X_OK)):
        yield _finding(
            severity=Severity.WARNING,
            code="tmpdir_unusable",
            message=f"`TMPDIR` names `{said}`, which is not a writable folder",
            where="TMPDIR",
            command="unset TMPDIR",
        )


def _scratch(world: World) -> Iterator[Finding]:
    """Temporary folders of killed runs."""
    for path in iter_left(now_s=world.now().timestamp()):
        yield _finding(
            severity=Severity.NOTE,
            code="scratch_left",
            message="a killed run left its temporary files behind",
            where=str(path),
            command=command("rm", "-r", path),
            repair=RemoveScratch(path=path),
        )


def _abandoned(world: World) -> Iterator[Finding]:
    """What a killed `clinvk -e` or `backends test` left: a person's words are theirs to remove."""
    for path, is_draft in iter_abandoned(now_s=world.now().timestamp()):
        yield _finding(
            severity=Severity.NOTE,
            code="draft_left" if is_draft else "trial_left",
            message="the prompt that was being edited when clinvk was killed is still here"
            if is_draft
            else "a killed `clinvk backends test` left its sessions here",
            where=str(path),
            remedy="nothing removes it by itself; when you no longer need it",
            command=command("rm", "-r", path),
        )


def _git(world: World) -> Iterator[Finding]:
    if which("git", world.environ) is None:
        yield _finding(
            severity=Severity.NOTE,
            code="no_git",
            message="git is not installed: only the changes that an agent reports are recorded, "
            "and a subdirectory is not recognised as part of its project",
            remedy="install git",
        )


def _editor(world: World) -> Iterator[Finding]:
    name = "VISUAL" if world.environ.get("VISUAL") else "EDITOR"
    said = world.environ.get(name, "")
    try:
        words = shlex.split(said)
    except ValueError:
        words = [said]
    if not words:
        yield _finding(
            severity=Severity.NOTE,
            code="no_editor",
            message="no editor is set for `--editor` and `clinvk config edit`",
            where="EDITOR",
            command="export EDITOR=vi",
        )
    elif which(words[0], world.environ) is None:
        yield _finding(
            severity=Severity.WARNING,
            code="editor_missing",
            message=f"the editor `{said}` is not installed",
            where=name,
            command=f"unset {name}",
        )
