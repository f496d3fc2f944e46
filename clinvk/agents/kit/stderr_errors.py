"""Finds the line of stderr that explains what went wrong.

It is rarely the last line. Node prints the source and the stack around the message and then its
own version, Rust a note about backtraces, npm the path of its log, Python the frames first and the
message last, Go the message first and the goroutines after it; shells, shims and the dynamic linker
print one line each. Tested with the real output of each: `tests/unit/agents/stderr_errors/`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

_MAX_LENGTH = 1_000
"""Characters of a line that are examined and shown."""

_COLOURS = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0e-\x1f]"
)

_PREFIX = re.compile(r"^(?:npm|pnpm) (?:ERR!|error)(?: |$)|^mise ERROR ")
"""The prefix that some programs print on each line."""

_NPM_FACT = re.compile(
    r"^(?:code|syscall|errno|path|dest|cwd|file|signal|command|location|workspace|lifecycle"
    r"|type|config) |^\s*at |^\s|^[{}]$"
)
_NPM_TOPIC = re.compile(r"^(?:[a-z]{4,12}|\d{3}|JSON\.parse) (?=[A-Z' ])\s*")

_ERROR = re.compile(
    r"^(?:[\w./ ()\[\]-]{1,60}?(?:: | ))??(?:(?i:fatal )?(?i:error|fatal|panic|critical|exception))"
    r"(?:\s?[\[(][\w: -]+[\])])?:(?:\s|$)"
    r"|^[A-Za-z_][\w.$]*(?:Error|Exception|Rejection|Interrupt|Warning as error)"
    r"(?: \[\w+\])?(?::|$)"
    r"|^Error [a-z]|^error [A-Z]|^Message:\s"
    r"|^(?:Error|Uncaught|Exception in thread|Internal Error)\b.{0,200}:"
    r"|^(?:Failed to|Cannot|Can't|Could not|Unable to)\s"
    r"|^\[(?:ERROR|FATAL|CRITICAL)\]|^(?:ERROR|FATAL|CRITICAL)\b"
    r"|^\d{4}-\d\d-\d\d[T ]\S+\s+\[?(?:ERROR|FATAL|CRITICAL)\b"
    r"|^\s*[\u00d7\u2716\u2717\u2718\u2a2f]\s|^\s?ERR_\w+\s"
    r"|^dyld(?:\[\d+\])?: "
    r"|: (?:command not found|not found|bad interpreter\b.*|Permission denied|Is a directory)$"
    r"|^\S*env: .*: No such file or directory$|: line \d+: .*: No such file or directory$"
    r"|: cannot (?:execute|open shared object)|Exec format error|error while loading shared lib"
    r"|: version .{0,40} not found \(required by"
    r"|: bad option: |: can't open file |: No module named "
    r"|: command not found: |: line \d+:\s+\d+ (?:Killed|Aborted|Segmentation fault)\b"
    r"|^thread '.*' panicked at '|^'.*' is not recognized as an internal or external command"
    r"|^No version is set for |is not yet installed\b|^asdf: |^pyenv: |^rbenv: "
)
"""Lines that call themselves an error, or that are printed for errors only."""

_SECOND_PANIC = re.compile(r"on an `Err` value: (?:Any \{|PoisonError)")

_FOLLOW_UP = re.compile(
    r"^error: (?:process didn't exit successfully|could not compile|aborting due to|script \".*\")"
    r"|^error Command failed|^(?:Error: )?[Cc]ommand failed\b|ELIFECYCLE|^exit status \d+$"
    r"|^make(?:\[\d+\])?: \*\*\*|^Lifecycle script .* failed|^(?:Aborted|Segmentation fault)\b"
    r"|^fatal runtime error: |^Failed at the .* script|^During handling of the above"
    r"|^The above exception was|^Error details written"
)
"""Lines that only say that something earlier failed."""

_ADVICE = re.compile(
    r"^(?:note|help|hint|tip|info|notice|warn(?:ing)?|debug|trace|usage|npm (?:notice|warn|WARN))\b"
    r"|^\[?(?:WARN(?:ING)?|INFO|DEBUG|TRACE|NOTICE|DEP\d+)\]?\b"
    r"|^\(node:\d+\) |^\(Use `node|^Node\.js v\d|^Bun v\d|^\w+ v?\d+\.\d+\.\d+ ?(?:\(.*\))?$"
    r"|^(?:Require stack:|- |A complete log of this run|Backtrace omitted|For more information)"
    r"|^(?:Run with|Run |Try |Use |See |Set |Update |Check |Visit |Install |Make sure|Consider )"
    r"|^(?:Did you mean|You need to|You can |To |If you |This is related|Some details are omitted)"
    r"|^(?:The `.*' command exists|Note that|Please report|Full report|Stack trace|stack backtrace)"
    r"|^(?:Compiling|Finished|Running|Downloading|Loading|Starting)\b"
    r"|^<---|^-----|^\[\d+:0x|^goroutine \d+|^\[signal |^created by |^[╭╰─]",
    re.IGNORECASE,
)
"""Lines that explain nothing: versions, hints, progress, the path of a log."""

_FRAME = re.compile(
    r"^\s+at |^\s*at \S+ \(|^\s+File \"|^\s*\d+: |^\s*-->|^\s*\d* \|(?: |$)|^\s*\.\.\. \d+ "
    r"|^[\w./*()-]+\(.*\)$|^\s*[\^~|]+[\^~| ]*$|^[\]})]+[;,]?$"
)
_SOURCE = re.compile(r"^(?:file://|node:|/|[A-Za-z]:\\|\.{1,2}/)\S*:\d+$")
"""The place of an exception, which Node prints before the line of source."""

_CARET = re.compile(r"^\s*[\^~]+\s*$")
_REASON = re.compile(r"^\[?UnhandledPromiseRejection: .*the reason \"(.*)\"\.?\]?(?: \{)?$")
_CAUSE = re.compile(r"^\s*(?:\[cause\]|Caused by):\s*(.*?)(?: \{)?$")
_IN_GROUP = re.compile(r"^[\s|+]*?(?:\| ?|\+-[+-]*)")
_FIRST = re.compile(r"^\s*0: ")
_NUMBER = re.compile(r"^\d+: ")


_Read = Callable[[str], "Iterable[ErrorLine | str]"]


class ErrorLine(Struct, frozen=True):
    """A line that may explain the failure; `certain` if it calls itself an error."""

    text: str
    certain: bool


def error_lines(stderr: str, noise: str) -> list[ErrorLine]:
    """The lines that may explain why a program failed, the best first; empty if there are none.

    First the last line that calls itself an error, with its cause; then the others like it, the
    latest first; then the lines that are not recognized. Lines that match `noise` are skipped.
    """
    lines = [_COLOURS.sub("", line).rstrip() for line in stderr.splitlines()]
    lines = [line[:_MAX_LENGTH] for line in lines if not re.search(noise, line)]
    found = [one for one in _error_lines(lines) if one.text.strip()]
    certain = [one for one in reversed(found) if one.certain]
    return certain + [one for one in reversed(found) if not one.certain]


def _error_lines(lines: Sequence[str]) -> Iterator[ErrorLine]:
    """The statements in the order of the output; a cause is added to the error before it."""
    last: ErrorLine | None = None
    for statement in _Reader(lines).read():
        if isinstance(statement, ErrorLine):
            if last is not None:
                yield last
            last = statement
        elif last is not None and last.certain:
            head = last.text.partition(" (cause: ")[0]
            last = replace(last, text=f"{head} (cause: {statement})")
    if last is not None:
        yield last


class _Reader:
    """Reads the lines once, looking ahead where a message has several lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0
        self._blocks: Sequence[tuple[re.Pattern[str], _Read]] = (
            (re.compile("^Exception ignored in"), self._ignored),
            (re.compile(r"^Traceback \(most recent call last\)"), self._after_frames),
            (re.compile(r"^\s*\+ Exception Group Traceback"), self._group),
            (re.compile(r"^[╭┌]─+ (?:\w+ )?Error ─"), self._boxed),
            (re.compile(r"^thread '.*' (?:\(\d+\) )?panicked at .+:\d+:\d+:$"), self._panic),
            (_SOURCE, self._thrown),
            (_CAUSE, self._causes),
        )

    def read(self) -> Iterator[ErrorLine | str]:
        """Statements, and as plain text the causes of the previous statement."""
        npm = False
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip():
                self._at += 1
                continue
            if (prefix := _PREFIX.match(line)) is not None:
                line = line[prefix.end() :]
                error = None if npm or _NPM_FACT.match(line) else _of_npm(line)
                npm = npm or error is not None
                self._at += 1
                if error is not None:
                    yield error
                continue
            npm = False
            yield from self._one(line)

    def _one(self, line: str) -> Iterable[ErrorLine | str]:
        self._at += 1
        for begins, read in self._blocks:
            if begins.search(line):
                return read(line)
        if line.endswith(":") and _ERROR.search(line) and not _FOLLOW_UP.search(line):
            return self._announced(line)
        return _plain(line)

    def _next(self) -> str | None:
        """Consume the next line that is not empty."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line.strip():
                return line
        return None

    def _skip_frames(self) -> None:
        while self._at < len(self._lines) and self._lines[self._at].startswith((" ", "\t")):
            self._at += 1

    def _ignored(self, _line: str) -> Iterable[ErrorLine]:
        """Skip an exception that Python could not raise, with its traceback."""
        if self._at < len(self._lines) and self._lines[self._at].startswith("Traceback"):
            self._at += 1
            self._skip_frames()
            self._at += 1
        return ()

    def _after_frames(self, _line: str) -> Iterable[ErrorLine]:
        """The line after a Python traceback; skips the other lines of its message."""
        self._skip_frames()
        if self._at == len(self._lines):
            return ()
        line = self._lines[self._at]
        self._at += 1
        while self._at < len(self._lines) and not _begins(self._lines[self._at]):
            self._at += 1
        return (ErrorLine(line, certain=True),)

    def _caret(self) -> int | None:
        """The position of the caret below a line of source, within the next six lines."""
        for at in range(self._at, min(self._at + 6, len(self._lines))):
            if _CARET.match(self._lines[at]):
                return at
        return None

    def _thrown(self, source: str) -> Iterable[ErrorLine | str]:
        """What Node prints below the source: the error, or another value that was thrown."""
        if (caret := self._caret()) is None:
            return _plain(source)
        self._at = caret + 1
        line = self._next()
        if line == "{":
            rest = []
            while (more := self._next()) is not None:
                rest.append(more.strip())
                if more == "}":
                    break
            line = " ".join(["{", *rest])
        if line is None:
            return ()
        if line.endswith(":"):
            return self._announced(line)
        reason = _REASON.match(line)
        text = f"UnhandledPromiseRejection: {reason[1]}" if reason else line
        return (ErrorLine(text.strip().removesuffix(" {"), certain=True),)

    def _panic(self, line: str) -> Iterable[ErrorLine]:
        message = self._next() or ""
        return (ErrorLine(f"{line} {message.strip()}", certain=not _SECOND_PANIC.search(message)),)

    def _announced(self, line: str) -> Iterable[ErrorLine | str]:
        """An error whose message is on the next line, or is a list with its causes."""
        start = self._at
        following = self._next()
        if following is None or (_FRAME.match(following) and not _FIRST.match(following)):
            self._at = start
            return (ErrorLine(line.strip(), certain=True),)
        if following.startswith("Traceback"):
            self._at -= 1
            return ()
        message = _NUMBER.sub("", following.strip())
        return (ErrorLine(f"{line.strip()} {message}", certain=True), *self._causes())

    def _group(self, _line: str) -> Iterable[ErrorLine | str]:
        """The title of a Python exception group, and the first exception in it."""
        texts = []
        while self._at < len(self._lines) and self._lines[self._at].startswith("  "):
            line = _IN_GROUP.sub("", self._lines[self._at])
            self._at += 1
            if line and not line.startswith((" ", "-", "Traceback")):
                texts.append(line)
        return (ErrorLine(texts[0], certain=True), *texts[1:2]) if texts else ()

    def _boxed(self, _line: str) -> Iterable[ErrorLine]:
        """The text in a box with the title `Error`, as Typer prints it."""
        texts = []
        while self._at < len(self._lines) and self._lines[self._at].startswith("│"):
            texts.append(self._lines[self._at].strip("│ "))
            self._at += 1
        return (ErrorLine(" ".join(texts), certain=True),) if texts else ()

    def _causes(self, line: str = "") -> Iterable[str]:
        """The cause on that line, else the last (deepest) of the indented lines below it."""
        found = _CAUSE.match(line)
        last = found[1] if found else ""
        if last:
            return (last,)
        while self._at < len(self._lines) and self._lines[self._at].startswith(("  ", "\t")):
            last = _NUMBER.sub("", self._lines[self._at].strip())
            self._at += 1
        return (last,) if last else ()


def _of_npm(line: str) -> ErrorLine | None:
    message = _NPM_TOPIC.sub("", line).strip()
    if not message or _ADVICE.match(message) or _FOLLOW_UP.search(message):
        return None
    return ErrorLine(message, certain=True)


def _plain(line: str) -> Iterable[ErrorLine]:
    message = line.strip()
    if not message or _FRAME.match(line):
        return ()
    if _FOLLOW_UP.search(message):
        return (ErrorLine(message, certain=False),)
    if _ERROR.search(line):
        return (ErrorLine(message.removesuffix(" {"), certain=True),)
    if _ADVICE.match(message) or line.startswith(("  ", "\t")):
        return ()
    return (ErrorLine(message, certain=False),)


def _begins(line: str) -> bool:
    """Whether the line starts something new after the message of an exception."""
    return not line.strip() or bool(
        line.startswith(("Traceback", "Exception ignored")) or _ERROR.search(line)
    )
