"""Where inputs come from: bytes, JSON, recorded and real files disturbed, words of the commands."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bed.inside import ID, OTHER, commands, place
from clinvk.agents import registry as backends
from clinvk.model.config import known_keys
from contract.replay import cases


class Input(bytes):
    """The bytes of one input; a report of a failure shows only how they begin."""

    def __repr__(self) -> str:
        """The first of them; all of them are in the corpus then."""
        return f"{bytes(self[:400])!r}{'…' if len(self) > 400 else ''}"


HOSTILE = st.sampled_from(
    ["\x1b]0;T\x07", "\x1b[2J", "\x9b5m", "\u202e", "\u200b", "\x00", "\r", "\n", "\ud800", "\x85"]
)
TEXT = st.text(max_size=12) | HOSTILE | st.lists(st.text(max_size=4) | HOSTILE).map("".join)
_FAR = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
_NUMBERS = (-1, 0, 2**63, 10**400, 1e308, -0.0, float("nan"))
_WORDS = ("../../x", "/etc/passwd", "", "@last", ID, OTHER, "/" + "a" * 5_000, "/a\0b")
ODD = st.sampled_from([*_NUMBERS, *_WORDS, *_FAR, True, None, [], {}])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def dumped(value: Any) -> bytes:
    """JSON as a hostile writer would write it, lone surrogates and NaN included."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@st.composite
def disturbed(draw: st.DrawFn, lines: list[bytes]) -> list[bytes]:
    """Some of the lines with other values, or dropped, repeated, cut, or overwritten by bytes."""
    lines = list(lines)
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["value", "value", "value", "drop", "repeat", "cut", "bytes"])):
            case "drop":
                del lines[at]
            case "repeat":
                lines.insert(draw(st.integers(0, len(lines))), lines[at])
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case "bytes":
                place_ = draw(st.integers(0, len(lines[at])))
                lines[at] = (
                    lines[at][:place_] + draw(st.binary(max_size=8)) + lines[at][place_ + 4 :]
                )
            case _:
                lines[at] = draw(_with_another_value(lines[at]))
    return lines


@st.composite
def _with_another_value(draw: st.DrawFn, line: bytes) -> bytes:
    try:
        value = json.loads(line)
    except ValueError:
        return line
    spots: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict | list):
            keys = list(each) if isinstance(each, dict) else list(range(len(each)))
            spots += [(each, key) for key in keys]
            pending += [each[key] for key in keys]
    if not spots:
        return dumped(draw(JSON))
    holder, key = draw(st.sampled_from(spots))
    holder[key] = draw(JSON)
    return dumped(value)


def streams_of(name: str) -> st.SearchStrategy[bytes]:
    """Recorded streams of a backend, disturbed, and lines of nonsense."""
    recorded = [case.stdout.split(b"\n") for case in cases(name)]
    nonsense = st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=4).map(dumped))
    either = nonsense | st.lists(st.binary(max_size=40))
    if recorded:
        either = either | st.sampled_from(recorded).flatmap(disturbed)
    return either.map(b"\n".join)


@cache
def real_file(name: str) -> bytes:
    """A file of a home that the demo was run in."""
    with place() as where:
        return (where.home.root / name).read_bytes()


def files_like(name: str) -> st.SearchStrategy[bytes]:
    """A real file of a home, disturbed as a whole or line by line, and bytes."""
    real = real_file(name)
    if name.endswith((".jsonl", ".json")):
        parts = real.split(b"\n") if name.endswith(".jsonl") else [dumped(json.loads(real))]
        return disturbed(parts).map(b"\n".join) | st.binary(max_size=60)
    return overwritten(real)


@st.composite
def overwritten(draw: st.DrawFn, real: bytes) -> bytes:
    """The bytes with some of them replaced, or cut short."""
    data = bytearray(real)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        new = draw(st.binary(min_size=1, max_size=16))
        data[at : at + len(new)] = new
    return bytes(data[: draw(st.sampled_from([len(data), len(data) // 2, 100, 16]))])


_SCALARS = r"""
true 30m 1 0 -1 null ~ [a,b] {a:1} x '' 2020-01-01 1e999 .nan *a 0x10 "\ud800" "\udb40\udc41" -
? read-only full &a <<: [ ] { } | > # !!set !!python/object:x %TAG --- ...
"""
_PHRASES = ("&a [*a]", "!!binary aGk=", "|\n  x", "? a", "<<: *a", "9" * 5_000, "\x85", "\u202e")


def configurations() -> st.SearchStrategy[bytes]:
    """Lines of keys and values, right and wrong, in and out of their sections."""
    keys = sorted({part for key in known_keys(backends.names()) for part in key.split(".")})
    key = st.sampled_from(keys) | st.sampled_from(
        ["x", "", "1", "null", "? [a]", "<<", "2020-01-01"]
    )
    line = st.builds(
        lambda indent, name, value: f"{'  ' * indent}{name}: {value}",
        st.integers(0, 3),
        key,
        st.sampled_from([*_SCALARS.split(), *_PHRASES, ""]) | TEXT,
    )
    structured = st.lists(line | TEXT, max_size=8).map("\n".join)
    as_json = st.dictionaries(st.sampled_from(keys), JSON, max_size=3).map(dumped)
    text = structured.map(lambda said: said.encode("utf-8", "surrogatepass"))
    return text | as_json | st.binary(max_size=60)


def exports() -> st.SearchStrategy[bytes]:
    """A real export, disturbed."""
    record = json.loads(real_file(f"sessions/{ID}.json"))
    lines = [json.loads(one) for one in real_file(f"transcripts/{ID}.jsonl").splitlines()]
    one = {"record": {**record, "id": "aaaaaaaaaaaa"}, "transcript": lines}
    whole = dumped({"clinvk_export": 1, "sessions": [one]})
    return disturbed([whole]).map(b"\n".join) | st.binary(max_size=60)


def typed(*seeds: str) -> st.SearchStrategy[bytes]:
    """What a person may type: the seeds, pieces of them, and any text."""
    piece = st.sampled_from(seeds) | TEXT | st.sampled_from(list("-\"'.:/@ 0129"))
    return st.lists(piece, max_size=5).map(lambda all_: "".join(all_).encode("utf-8", "replace"))


_SESSIONS = (ID, OTHER, "pr-1", "0123", "@last", "demo:x")
_VALUES = """
work demo hello 1 0 -1 5m 7d x json text stream-json markdown bash read-only full run.timeout .
.. /no/such /dev/null /proc/self/mem - -- tokens active 2025-01-27 yesterday y [a] demo-2 =
--x=y -y backends.demo.model --dry-run --json 99999999999999999999 x.json ~nobody/x config.yaml
1e400d
"""
_LONG = ("a" * 5_000, "9" * 5_000, "a b", "", "\x1b]0;T\x07", "\u202e", *_FAR)


@st.composite
def command_lines(draw: st.DrawFn) -> bytes:
    """A command with options of its own and values, right and wrong; sometimes any words at all."""
    words, own = draw(st.sampled_from(commands()))
    known = st.sampled_from([*_VALUES.split(), *_LONG])
    value = st.sampled_from(_SESSIONS) | known | TEXT.map(lambda text: text.replace("\x1f", ""))
    option = st.sampled_from([*own, "--help", "--nothing"])
    pair = st.tuples(option, value)
    glued = pair.map(lambda both: (f"{both[0]}={both[1]}",))
    rest = st.lists(pair | pair | glued | st.tuples(option) | st.tuples(value), max_size=5)
    said = [*words, *(word for group in draw(rest) for word in group)]
    if draw(st.integers(0, 9)) == 0:
        said = draw(st.permutations(said))
    return "\x1f".join(said).encode("utf-8", "surrogatepass")


def native_files(name: str, folder: Path) -> st.SearchStrategy[bytes]:
    """Conversations as the agent keeps them, disturbed; nonsense for one of which none is here."""
    recorded = [path.read_bytes().split(b"\n") for path in sorted(folder.glob(f"{name}*"))]
    either = st.lists(JSON.map(dumped) | st.binary(max_size=30))
    if recorded:
        either = either | st.sampled_from(recorded).flatmap(disturbed)
    return either.map(b"\n".join)
