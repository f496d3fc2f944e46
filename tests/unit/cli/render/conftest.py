"""Streams that remember, for tests of what is shown."""

import io
from collections.abc import Callable

import pytest

from clinvk.cli.streams import Streams


class Screen:
    """Both outputs in the order in which they were written, and each by itself."""

    def __init__(self) -> None:
        self.all = io.StringIO()
        self.out = _Part(self.all)
        self.err = _Part(self.all)

    def streams(  # noqa: PLR0913  each is a fact of a terminal
        self,
        *,
        out_tty: bool = False,
        err_tty: bool = False,
        cursor: bool = False,
        color: bool = False,
        styled: bool = False,
        width: int = 80,
    ) -> Streams:
        """Streams that write here."""
        return Streams(
            stdin=None,
            stdout=self.out,
            stderr=self.err,
            stdout_is_tty=out_tty,
            stderr_is_tty=err_tty,
            cursor=cursor,
            color=color,
            styled=styled,
            err_color=color,
            width=width,
            width_fixed=True,
        )


class _Part(io.StringIO):
    """One output, which is also a part of the whole."""

    def __init__(self, whole: io.StringIO) -> None:
        super().__init__()
        self._whole = whole

    def write(self, text: str) -> int:
        """Write it here and there."""
        self._whole.write(text)
        return super().write(text)


@pytest.fixture
def screen() -> Screen:
    """A fresh screen."""
    return Screen()


@pytest.fixture
def clock() -> Callable[[], float]:
    """A clock that stands still."""
    return lambda: 0.0
