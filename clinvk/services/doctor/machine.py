"""The machine: encoding, temporary files, and optional tools."""

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinvk.model.finding import Finding
from clinvk.services.agents.programs import which
from clinvk.services.doctor.findings import Report, note, warning
from clinvk.services.doctor.leftovers import left_by_killed_runs
from clinvk.services.doctor.survey import Survey


def check_machine(survey: Survey) -> Report:
    """Only the temporary files are needed to run an agent."""
    return survey.encoding.lower(), (
        *_settings(survey.encoding, survey.world.environ),
        *left_by_killed_runs(survey.world.now().timestamp()),
        *_tools(survey.world.environ),
    )


def _settings(encoding: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    if encoding.lower().replace("-", "").replace("_", "") not in {"utf8", "utf8sig"}:
        yield warning(
            "not_utf8",
            f"the output uses `{encoding}`: characters that it lacks are shown as escapes",
            where="LC_ALL, LC_CTYPE, LANG",
            command="export LC_ALL=C.UTF-8; unset PYTHONIOENCODING",
        )
    # Some agents get a system prompt through a temporary file.
    said = environ.get("TMPDIR", "")
    if said and not (Path(said).is_dir() and os.access(said, os.W_OK | os.X_OK)):
        yield warning(
            "tmpdir_unusable",
            f"`TMPDIR` names `{said}`, which is not a writable folder",
            where="TMPDIR",
            command="unset TMPDIR",
        )


def _tools(environ: Mapping[str, str]) -> Iterator[Finding]:
    if which("git", environ) is None:
        yield note(
            "no_git",
            "git is not installed: only the changes that an agent reports are recorded, "
            "and a subdirectory is not recognised as part of its project",
            remedy="install git",
        )
    name = "VISUAL" if environ.get("VISUAL") else "EDITOR"
    said = environ.get(name, "")
    try:
        words = shlex.split(said)
    except ValueError:
        words = [said]
    if not words:
        yield note(
            "no_editor",
            "no editor is set for `--editor` and `clinvk config edit`",
            where="EDITOR",
            command="export EDITOR=vi",
        )
    elif which(words[0], environ) is None:
        yield warning(
            "editor_missing",
            f"the editor `{said}` is not installed",
            where=name,
            command=f"unset {name}",
        )
