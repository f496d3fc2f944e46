"""Commands as people type them: what is refused, in which words, and what works instead."""

import ast
import io
import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

import clinvk
from clinvk.cli.app import COMMANDS, execute
from clinvk.cli.command import CommandTable
from clinvk.cli.commands.sessions import sessions
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.implicit import command_of, with_command
from clinvk.cli.mended import fault_of
from clinvk.cli.other_tools import BELOW, OPTIONS, TO_RESUME, WORDS
from clinvk.cli.streams import Streams
from clinvk.model.session import Session
from clinvk.store.home import home_from
from clinvk.store.sessions.store import SessionStore

PACKAGE = Path(clinvk.__file__).parent
AT = datetime(2025, 1, 27, 10, tzinfo=UTC)


class Terminal:
    """A command line in a home with one session; no agent is installed."""

    def __init__(self, folder: Path) -> None:
        self.world = replace(
            build_cli().world,
            environ={"PATH": ""},
            home=home_from({}, folder),
            cwd=folder,
            user_home=folder,
        )
        session = Session(
            id="7f3a9c2b11dd", backend="demo", cwd="/p", created_at=AT, last_used_at=AT
        )
        SessionStore(self.world.home).create(replace(session, name="pr-842", title="fix it"))
        self.out, self.err = "", ""

    def type(self, *words: str) -> int:
        """The exit status of a command line without a terminal."""
        stdout, stderr = io.StringIO(), io.StringIO()
        streams = Streams(stdin=None, stdout=stdout, stderr=stderr)
        status = execute(words, Cli(streams, self.world))
        self.out, self.err = stdout.getvalue(), stderr.getvalue()
        return status

    @property
    def told(self) -> tuple[str, str]:
        """The message and the hint of the error, in text or in JSON."""
        if self.out:
            error = json.loads(self.out)["error"]
            return error["message"], error["hint"]
        message, _, hint = self.err.partition("\nhint: ")
        return message, hint


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A home with one session."""
    return Terminal(tmp_path)


REFUSED = [
    # words of other tools
    ("history", "`history`; did you mean `sessions list`?", "clinvk sessions list"),
    ("log", "did you mean `sessions list`?", "clinvk sessions list"),
    ("logs", "did you mean `sessions show`?", "clinvk sessions show"),
    ("login", "`login`: you sign in to each agent with its own CLI", "clinvk backends"),
    ("login --device-auth", "with its own CLI", "clinvk backends"),
    ("auth login claude", "with its own CLI", "clinvk backends"),
    ("logout", "with its own CLI", "clinvk backends"),
    ("status", "did you mean `sessions list`?", "clinvk sessions list"),
    ("models", "each agent has its own models", 'clinvk -m MODEL "…"'),
    ("model set opus", "each agent has its own models", 'clinvk -m MODEL "…"'),
    ("agents", "did you mean `backends`?", "clinvk backends"),
    ("init", "there is nothing to set up", "clinvk doctor"),
    ("new", "did you mean `run`?", 'clinvk run "…"'),
    ("new 'add a page'", "did you mean `run`?", 'clinvk run "add a page"'),
    ("exec 'fix it' -b demo", "did you mean `run`?", 'clinvk run "fix it" -b demo'),
    ("update", "clinvk does not update itself", "clinvk --version"),
    ("upgrade", "clinvk does not update itself", "clinvk --version"),
    ("version", "did you mean `--version`?", "clinvk --version"),
    ("ls -la", "did you mean `sessions list`?", "clinvk sessions list"),
    ("rm 7f3a", "did you mean `sessions delete`?", "clinvk sessions delete 7f3a"),
    ("rm -f 7f3a", "did you mean `sessions delete`?", "clinvk sessions delete -y 7f3a"),
    ("rm", "did you mean `sessions delete`?", "clinvk sessions delete ID"),
    ("show last", "did you mean `sessions show`?", "clinvk sessions show @last"),
    ("show", "did you mean `sessions show`?", "clinvk sessions show"),
    ("continue", "did you mean `-c`?", 'clinvk -c "…"'),
    ("continue 'add tests'", "did you mean `-c`?", 'clinvk -c "add tests"'),
    ("continue 7f3a", "did you mean `resume`?", "clinvk resume 7f3a"),
    ("fork 7f3a", "a session cannot be copied", 'clinvk resume ID "…"'),
    ("mcp add files", "it belongs to the agent", "clinvk chat"),
    ("search 'race condition'", "did you mean `sessions search`?",
     'clinvk sessions search "race condition"'),
    ("list --all", "did you mean `sessions list`?", "clinvk sessions list --"),
    ("list --format json", "did you mean `sessions list`?", "clinvk sessions list -o json"),
    ("list --format=json -n 3", "`sessions list`?", "clinvk sessions list -o json -n 3"),
    ("list sessions", "did you mean `sessions list`?", "clinvk sessions list"),
    ("list models", "each agent has its own models", 'clinvk -m MODEL "…"'),
    ("show config", "did you mean `config show`?", "clinvk config show"),
    ("-b demo history -n 3", "`sessions list`?", "clinvk sessions list -b demo -n 3"),
    ("last", "did you mean `sessions show`?", "clinvk sessions show"),
    ("find main.py", "did you mean `sessions search`?", "clinvk sessions search main.py"),
    ("search diff", "did you mean `sessions search`?", "clinvk sessions search diff"),
    ("ask hi", "did you mean `run`?", "clinvk run hi"),
    ("runs hi", "did you mean `run`?", "clinvk run hi"),
    ("hisotry", "did you mean `sessions list`?", "clinvk sessions list"),
    ("commit", "`commit`: other programs have one", 'clinvk run "…"'),
    ("review", "`review`: other programs have one", "clinvk run review"),
    ("pr list", "`pr`: other programs have one", "clinvk run pr list"),
    ("issue create", "`issue`: other programs have one", "clinvk run issue create"),
    ("keys set openai", "with its own CLI", "clinvk backends"),
    ("/login", "for the agent's interactive screen", "clinvk chat"),
    ("exit", "for the agent's interactive screen", "clinvk chat"),
    ("mcp-server", "it belongs to the agent", "clinvk chat"),
    ("plugin install x", "it belongs to the agent", "clinvk chat"),
    ("agent create", "did you mean `backends`?", "clinvk backends"),
    ("install claude", "there is nothing to set up", "clinvk doctor"),
    ("update codex", "clinvk does not update itself", "clinvk --version"),
    ("import x.json", "did you mean `sessions import`?", "clinvk sessions import x.json"),
    ("uninstall", "clinvk does not remove itself", "clinvk --version"),
    ("kill 7f3a", "Ctrl-C stops a run", "clinvk sessions list --status running"),
    ("export review", "did you mean `sessions export`?", "clinvk sessions export review"),
    ("show review", "did you mean `sessions show`?", "clinvk sessions show review"),
    ("tag review x", "did you mean `sessions tag`?", "clinvk sessions tag review x"),
    ("move review /p", "did you mean `sessions move`?", "clinvk sessions move review /p"),
    ("rename 7f3a x", "did you mean `sessions rename`?", "clinvk sessions rename 7f3a x"),
    ("show pr-842", "did you mean `sessions show`?", "clinvk sessions show pr-842"),
    ("set default_backend claude", "did you mean `config set`?",
     "clinvk config set default_backend claude"),
    ("get run.timeout", "did you mean `config get`?", "clinvk config get run.timeout"),
    # an agent or a session in place of a command
    ("claude", "did you mean `-b claude`?", 'clinvk -b claude "…"'),
    ("codex 'fix it'", "did you mean `-b codex`?", 'clinvk -b codex "fix it"'),
    ("demo hello", "did you mean `-b demo`?", "clinvk -b demo hello"),
    ("7f3a9c hi there", "did you mean `resume 7f3a9c`?", "clinvk resume 7f3a9c hi there"),
    ("@last hi", "did you mean `resume @last`?", "clinvk resume @last hi"),
    ("pr-842", "did you mean `resume pr-842`?", 'clinvk resume pr-842 "…"'),
    # an option between the words of a prompt
    ("what does git -c do", "`-c` stands between", 'clinvk "what does git -c do"'),
    ("explain the -v flag of curl", "`-v` stands between",
     'clinvk "explain the -v flag of curl"'),
    ("run fix tests -t 5 please", "`-t` stands between", 'clinvk run "fix tests -t 5 please"'),
    ("explain the -x flag", "there is no option `-x`", "clinvk -- explain the -x flag"),
    ("-q write --title for the page", "`--title` stands between",
     'clinvk -q "write --title for the page"'),
    ("resume -b demo pr-842 fix -q it", "`-q` stands between",
     'clinvk resume -b demo pr-842 "fix -q it"'),
    ("resume --last fix -q it -v", "`-q` stands between",
     'clinvk resume --last -v "fix -q it"'),
    # words below a command
    ("sessions resume pr-842", "did you mean `clinvk resume`?", "clinvk resume pr-842"),
    ("sessions rm pr-842", "`clinvk sessions delete`?", "clinvk sessions delete pr-842"),
    ("sessions find 'a b'", "`clinvk sessions search`?", 'clinvk sessions search "a b"'),
    ("sessions ls -n 3", "`clinvk sessions list`?", "clinvk sessions list -n 3"),
    ("sessions last", "`clinvk sessions show`?", "clinvk sessions show"),
    ("config list", "`clinvk config show`?", "clinvk config show"),
    ("config ls --format json", "`clinvk config show`?", "clinvk config show -o json"),
    ("config rm run.timeout", "`clinvk config unset`?", "clinvk config unset run.timeout"),
    ("config add run.timeout 2h", "`clinvk config set`?", "clinvk config set run.timeout 2h"),
    ("backends list", "`clinvk backends`?", "clinvk backends"),
    ("backends login", "with its own CLI", "clinvk backends"),
    # options of other tools
    ("--print hi", "there is no option `--print`", "clinvk hi"),
    ("hi --file x.md", "there is no option `--file`", "clinvk hi < x.md"),
    ("--prompt-file x.md -b demo", "there is no option", "clinvk -b demo - < x.md"),
    ("sessions show --last", "there is no option `--last`", "clinvk sessions show"),
    ("-p 'fix it'", "there is no option `-p`", 'clinvk "fix it"'),
    ("-p 'fix it' --output-format json", "there is no option `-p`",
     'clinvk "fix it" --output-format json'),
    ("-r", "there is no option `-r`", "clinvk resume"),
    ("-r pr-842 'go on'", "there is no option `-r`", 'clinvk resume pr-842 "go on"'),
    ("--resume 7f3a9c2b11dd", "there is no option `--resume`", "clinvk resume 7f3a9c2b11dd"),
    ("--resume=7f3a 'go on' -q", "there is no option `--resume`",
     'clinvk resume 7f3a "go on" -q'),
    ("--resume 'go on'", "there is no option `--resume`", 'clinvk resume --last "go on"'),
    ("-p 'go on' --resume 7f3a --json", "there is no option `-p`",
     'clinvk resume 7f3a "go on" --json'),
    ("--last 'go on'", "there is no option `--last`", 'clinvk resume --last "go on"'),
    ("-i", "there is no option `-i`", "clinvk resume -i"),
    ("--yolo 'fix it'", "there is no option `--yolo`", 'clinvk --access full "fix it"'),
    ("--permission-mode plan hi", "`--permission-mode`", "clinvk --access ask hi"),
    ("-C /tmp hi", "there is no option `-C`", "clinvk -w /tmp hi"),
    ("hi --format stream-json", "there is no option `--format`", "clinvk hi -o stream-json"),
    ("hi --output json", "there is no option `--output`", "clinvk hi -o json"),
    ("hi --output out.txt", "there is no option `--output`", "clinvk hi > out.txt"),
    ("sessions list --format json", "there is no option `--format`",
     "clinvk sessions list -o json"),
    ("sessions delete pr-842 --force", "there is no option `--force`",
     "clinvk sessions delete pr-842 -y"),
    ("doctor --format json", "there is no option `--format`", "clinvk doctor -o json"),
    # text that starts with a dash
    ("'-5 degrees'", "`-5 degrees` starts with a dash", 'clinvk -- "-5 degrees"'),
    ("-5", "`-5` starts with a dash", "clinvk -- -5"),
    ("'- one' -b demo", "`- one` starts with a dash", 'clinvk -b demo -- "- one"'),
    ("run '-m is wrong'", "`-m is wrong` starts with a dash", 'clinvk run -- "-m is wrong"'),
    ("-c '--no-verify fails'", "starts with a dash", 'clinvk -c -- "--no-verify fails"'),
    ("'-no problem'", "there is no option `-n`", 'clinvk -- "-no problem"'),
    ("resume pr-842 '-1 is wrong' -q", "starts with a dash",
     'clinvk resume -q -- pr-842 "-1 is wrong"'),
    ("sessions rename pr-842 '- new -'", "starts with a dash",
     'clinvk sessions rename -- pr-842 "- new -"'),
    ("sessions search --no-verify", "there is no option `--no-verify`",
     "clinvk sessions search -- --no-verify"),
    # a prompt where none is taken, and none where one is needed
    ("chat hello", "too many words: `hello`", "clinvk hello"),
    ("chat -b demo 'say hi'", "too many words", 'clinvk -b demo "say hi"'),
    ("chat 7f3a", "too many words: `7f3a`", "clinvk resume 7f3a"),
    ("chat --resume 7f3a", "there is no option `--resume`", "clinvk resume 7f3a"),
    ("chat -c", "there is no option `-c`", "clinvk -c"),
    ("sessions list bug", "too many words: `bug`", "clinvk sessions search bug"),
    ("sessions list 5 --here", "too many words: `5`", "clinvk sessions list --here -n 5"),
    ("doctor my code please", "too many words", "clinvk run doctor my code please"),
    ("-c config is broken", "there is no option `-c`", "clinvk run -c config is broken"),
    ("-c resume", "there is no option `-c`", "clinvk run -c resume"),
    ("resume pr-842", "the prompt is empty", 'clinvk resume pr-842 "…"'),
    ("resume pr-842 ''", "the prompt is empty", 'clinvk resume pr-842 "…"'),
    ("-q -c", "the prompt is empty", 'clinvk -q -c "…"'),
    ("-b demo -s 'x y' -", "a session's name", ""),
    ("-b demo", "the prompt is empty", 'clinvk -b demo "…"'),
    ("-o text resume pr-842 -", "the prompt is empty", 'clinvk -o text resume pr-842 "…"'),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message", "works"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_people_type_is_answered_with_what_works(
    terminal: Terminal, line: str, message: str, works: str
) -> None:
    """Exit 2, nothing is started, and the command of the hint can be copied."""
    assert terminal.type(*shlex.split(line)) == 2, terminal.err
    error, hint = terminal.told
    assert message in error
    assert f"`{works}" in hint or not works
    for command in _commands_in(hint):
        assert fault_of(command) is None, command


def _commands_in(text: str) -> Iterator[list[str]]:
    """The words of each command of ours between backticks, as a shell passes them."""
    for quoted in re.findall(r"`clinvk ([^`]*)`", text):
        words = shlex.split(quoted)
        piped = [at for at, word in enumerate(words) if word in ("<", ">")]
        yield words[: piped[0]] if piped else words


@pytest.mark.parametrize("first", sorted(WORDS))
def test_every_word_of_another_tool_is_answered_alone_and_with_arguments(
    terminal: Terminal, first: str
) -> None:
    """In a sentence it is a part of the prompt."""
    for rest in ([], ["7f3a"], ["--json"], ["list"]):
        assert terminal.type(first, *rest) == 2
        for command in _commands_in(terminal.told[1]):
            assert fault_of(command) is None, (first, rest, command)
    streams = Streams(stdin=None, stdout=None, stderr=None)
    sentence = [first, "the", "last", "two", "of", "them"]
    assert with_command(sentence, COMMANDS, streams) == ["run", *sentence]


def test_options_around_a_prompt_are_options() -> None:
    """Only those between its words are doubtful; behind `--` everything is text."""
    streams = Streams(stdin=None, stdout=None, stderr=None)
    for line in ("-q fix it -v", "fix it", "fix 'the -c flag' -q", "run -q fix it -b demo",
                 "fix the -- -c flag", "-b demo -"):  # fmt: skip
        words = shlex.split(line)
        explicit = words[0] == "run"
        assert with_command(words, COMMANDS, streams) == [*([] if explicit else ["run"]), *words]
    assert with_command(["resume", "-q", "7f3a", "-b", "demo", "fix", "it", "-v"],
                        COMMANDS, streams)[0] == "resume"  # fmt: skip


def test_every_table_of_other_tools_is_about_ours() -> None:
    """No word of theirs hides one of ours, and every option of ours exists."""
    for table, words in BELOW.items():
        assert words.keys().isdisjoint(command_of(table).commands)
    assert WORDS.keys().isdisjoint(COMMANDS)
    for path, options in OPTIONS.items():
        for option in options:
            named = path.split() or ["doctor"]
            line = ["run"] if path == "prompt" else named
            assert fault_of([*line, option]) is not None, (path, option)
    for ours in TO_RESUME.values():
        assert fault_of(["resume", *([ours] if ours else [])]) is None


def _hints() -> Iterator[tuple[str, str]]:
    """Every command between backticks in the texts of the package, by its file.

    Docstrings are for readers of the code, and a value in a text is any word.
    """
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        parts = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        documented = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if id(node) in parts | documented:
                continue
            if isinstance(node, ast.JoinedStr):
                values = ("".join(_shown(part) for part in node.values),)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                values = (node.value,)
            else:
                continue
            for text in values:
                for quoted in re.findall(r"`(clinvk [^`\n]*)`", text):
                    yield file.name, quoted


def _shown(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
    return {"command": "tag 7f3a x", "path": "run"}.get(value, _VALUE)


_VALUE = "7f3a"


def test_every_command_in_a_text_of_ours_works_as_shown() -> None:
    """A hint that fails is worse than none."""
    found = set(_hints())
    assert len(found) > 25
    for file, quoted in sorted(found):
        words = shlex.split(quoted)[1:]
        if words[0] in ("PROMPT", "…", _VALUE):
            continue
        only_named = words in _paths()
        fault = None if only_named else fault_of(words)
        assert fault is None, (file, quoted, fault)


def _paths() -> list[list[str]]:
    """Every command by its name alone: a text may name it without its arguments."""
    return [
        *([name] for name in COMMANDS),
        *(
            [name, below]
            for name in COMMANDS
            for below in getattr(command_of(name), "commands", ())
        ),
    ]


def test_every_failure_of_another_command_is_the_error_alone(terminal: Terminal) -> None:
    """Also wrong usage, with `--json` and `-o json` before or behind; as the schema says."""
    schema = json.loads((PACKAGE / "schemas" / "failure.schema.json").read_text(encoding="utf-8"))
    wrong = [
        *([*path, "--no-such-option"] for path in _paths() if path[0] not in ("run", "resume")),
        ["sessions", "show", "nope"],
        ["sessions", "nope"],
        ["sessions"],
        ["config"],
        ["config", "get", "nope"],
        ["config", "set", "run.timeout", "15"],
        ["config", "validate", "/no/such/file"],
        ["backends", "test", "nope"],
        ["completion", "tcsh"],
        ["doctor", "--config", "/no/such/file"],
        ["chat"],
        ["chat", "hello"],
        ["sesions", "list"],
        ["history"],
    ]
    assert len(wrong) > 30
    for words in wrong:
        for asked in ([*words, "--json"], [*words, "-o", "json"], ["-o=json", *words],
                      ["--output-format=json", *words]):  # fmt: skip
            status = terminal.type(*asked)
            value = json.loads(terminal.out)
            Draft202012Validator(schema).validate(value)
            assert value.keys() == {"schema", "exit_status", "error"}
            assert value["exit_status"] == status, asked
            assert terminal.err.startswith(f"error: {value['error']['message']}"), asked
            assert status != 0


def test_a_failure_of_a_run_has_all_fields_of_a_run(terminal: Terminal) -> None:
    """A program that sends prompts reads the same object, whatever happened."""
    for words in (["hi", "--nope"], ["run", "-b", "nope", "hi"], ["resume", "nope", "hi"],
                  ["resume"], ["-b", "demo"], ["continue"], ["exec", "fix it"]):  # fmt: skip
        assert terminal.type(*words, "--json") != 0
        assert {"session_id", "text", "usage", "error"} <= json.loads(terminal.out).keys()


def test_every_command_takes_both_ways_to_ask_for_json_and_a_configuration() -> None:
    """`--json` is `-o json`, and `--config FILE` works everywhere."""
    for path in _paths():
        command = command_of(path[0])
        command = command.load(path[1]) if path[1:] else command
        names = {name for param in command.params for name in param.opts}
        assert {"--json", "-o", "--output-format", "--config"} <= names, path
        formats = next(p for p in command.params if "-o" in p.opts)
        assert "json" in [str(choice) for choice in formats.type.choices]
        files = [p for p in command.params if {"-O", "--output"} & {*p.opts}]
        assert all({*p.opts} == {"-O", "--output"} and p.metavar == "FILE" for p in files)


def test_an_id_that_is_too_short_says_what_is_needed(terminal: Terminal) -> None:
    """And which sessions begin so."""
    assert terminal.type("resume", "7f3", "hi") == 4
    assert "there is no session `7f3`" in terminal.err
    assert "an id needs its first 4 characters or more: 7f3a9c2b11dd" in terminal.err
    assert terminal.type("sessions", "show", "abc") == 4
    assert "needs its first 4 characters or more; `clinvk sessions list`" in terminal.err


def test_the_last_session_is_shown_without_naming_it(terminal: Terminal) -> None:
    """`show` is `show @last`; `show last` says how it is written."""
    assert terminal.type("sessions", "show") == 0
    assert "7f3a9c2b11dd" in terminal.out
    assert terminal.type("sessions", "show", "last") == 4
    assert "hint: `@last` is the most recently used session" in terminal.err


def test_the_nearest_backend_is_named(terminal: Terminal) -> None:
    """Wherever one is named."""
    for words in (["-b", "cluade", "hi"], ["sessions", "list", "-b", "cluade"],
                  ["backends", "test", "cluade"], ["config", "set", "default_backend", "cluade"],
                  ["resume", "-b", "cluade", "--last", "x"]):  # fmt: skip
        assert terminal.type(*words) in (2, 4, 5), words
        assert "there is no backend `cluade`" in terminal.err, words
        assert "did you mean `claude`?" in terminal.err, words


def test_json_and_text_contradict_each_other(terminal: Terminal) -> None:
    """Which one is meant cannot be known."""
    for words in (["sessions", "list"], ["-b", "demo", "hi"]):
        assert terminal.type(*words, "-o", "text", "--json") == 2
        told = json.loads(terminal.out)["error"]
        assert told["message"] == "`--json` cannot be used with `-o text`"


def test_sessions_is_a_table() -> None:
    """The tests above read its commands."""
    assert isinstance(sessions, CommandTable)
