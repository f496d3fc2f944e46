"""Labelled lines, as `sessions show` has them."""

from collections.abc import Iterable, Iterator

from clinvk.model.files import FileReport, FileSource, shown_path
from clinvk.text.sanitize import safe_line, safe_text

_LABEL_COLUMNS = 19


def field(label: str, value: str) -> str:
    """One line: the label, and the value on one line; without a label it goes on with the last."""
    head = f"{label}:" if label else ""
    return f"{head:<{_LABEL_COLUMNS}}{safe_line(value)}"


def fields(label: str, values: Iterable[str]) -> Iterator[str]:
    """One line a value, the label before the first."""
    for value in values:
        yield field(label, value)
        label = ""


def file_lines(label: str, files: Iterable[FileReport], cwd: str) -> Iterator[str]:
    """One line a file; what the agent did not report itself is marked."""
    return fields(label, (f"{shown_path(file.path, cwd)} ({how_changed(file)})" for file in files))


def how_changed(file: FileReport) -> str:
    """`created`; `created, observed` if only the comparison of the work tree says so."""
    observed = file.source is FileSource.OBSERVED
    return f"{file.change.value}, observed" if observed else file.change.value


def text_lines(label: str, text: str) -> Iterator[str]:
    """A text of several lines below its label, indented."""
    yield f"{label}:"
    for line in safe_text(text).split("\n"):
        yield f"  {line}".rstrip()
