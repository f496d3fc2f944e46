"""`clinvk sessions search`, through the installed command and with the demo agent."""

import re
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


def _ran(clinvk: Command, *words: str) -> str:
    """Run a prompt; the session's id."""
    ran = clinvk("-b", "demo", "-o", "json", *words)
    assert ran.exit_code == 0, ran.stderr
    return str(ran.json()["session_id"])


def test_a_session_is_found_by_what_was_said_in_it(clinvk: Command) -> None:
    """Prompt, answer, title and tag, each with its turn, on two lines a hit."""
    meant = _ran(clinvk, "-t", "release", "Prepare the notes for Straßburg")
    clinvk("-c", "/say the zebra answered")
    other = _ran(clinvk, "something else")
    found = clinvk("sessions", "search", "zebra")
    assert (found.exit_code, found.stderr) == (0, "")
    head, place = found.stdout.splitlines()
    assert head.startswith(f"{meant}  demo  ")
    assert head.endswith("Prepare the notes for Straßburg")
    assert re.fullmatch(r"  turn 2, (prompt|answer): .*the zebra answered.*", place)
    for query in (
        ["strassburg"],
        ["NOTES", "zebra"],
        ["release"],
        ['"the zebra"'],
        ["demo", "zeb"],
    ):
        assert clinvk("sessions", "search", "-q", *query).stdout == f"{meant}\n"
    both = clinvk("sessions", "search", "-q", "demo agent").stdout
    assert both.split() == [other, meant]
    assert clinvk("sessions", "search", "-q", "demo agent", "-zebra").stdout == f"{other}\n"


def test_a_file_that_an_agent_wrote_is_found(clinvk: Command) -> None:
    """By a part of its path."""
    meant = _ran(clinvk, "--access", "edit", "/write giraffe.txt hello")
    (hit,) = clinvk("sessions", "search", "--json", "giraffe.txt").json()
    assert hit["id"] == meant
    assert hit["match"]["turn"] == 1
    start, end = hit["match"]["marks"][0]
    assert hit["match"]["snippet"][start:end] == "giraffe.txt"


def test_an_answer_that_broke_off_is_found(clinvk: Command) -> None:
    """What was received before the agent died is searched; the status is the list's."""
    clinvk("-b", "demo", "/say the okapi came first\n/exit 3")
    (hit,) = clinvk("sessions", "search", "--json", '"the okapi came"').json()
    assert hit["status"] == clinvk("sessions", "list", "--json").json()[0]["status"]


def test_the_filters_are_those_of_the_list(clinvk: Command, tmp_path: Path) -> None:
    """Backend, status, directory, tag and time, before the limit."""
    meant = _ran(clinvk, "-t", "work", "hello")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    last = clinvk("-b", "demo", "-o", "json", "hello", cwd=elsewhere).json()["session_id"]
    for words in (["--here"], ["-t", "work"], ["--dir", "."], ["--until", "9999-01-01", "--here"]):
        assert clinvk("sessions", "search", "-q", "hello", *words).stdout == f"{meant}\n"
    assert clinvk("sessions", "search", "-q", "hello", "-n1").stdout == f"{last}\n"
    for words in (
        ["--status", "error"],
        ["-b", "claude"],
        ["--archived"],
        ["--since", "9998-01-01"],
    ):
        ran = clinvk("sessions", "search", "hello", *words)
        told = "no selected session has the word `hello`\n"
        assert (ran.exit_code, ran.stdout, ran.stderr) == (1, "", told), words


def test_without_a_hit_the_exit_status_is_1(clinvk: Command) -> None:
    """A line on stderr that names the word, and stdout as a program expects it."""
    ran = clinvk("sessions", "search", "nothing")
    told = "no session has the word `nothing`\n"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (1, "", told)
    _ran(clinvk, "hello")
    ran = clinvk("sessions", "search", "hello", "nothing", '"not there"')
    assert ran.stderr == 'no session has any of `nothing`, `"not there"`\n'
    for word in ("timestamp", "turn_started", "cost_usd", "nothing", "x" * 10_000, "🦓"):
        ran = clinvk("sessions", "search", "--json", word)
        assert (ran.exit_code, ran.stdout) == (1, "[]\n")
        assert ran.stderr.startswith(f"no session has the word `{word[:50]}")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "the query is empty"),
        ([""], "the query is empty"),
        (["  "], "the query is empty"),
        (["\u202e"], "the query is empty"),
        (['"flaky test'], 'a `"` in the query is not closed'),
        (["-bug"], "the query has only excluded words"),
        (['""'], "a phrase in the query is empty"),
        (["x", "--bogus"], "there is no option `--bogus`"),
        (["x", "-n", "x"], "`--limit`"),
        (["x", "--status", "odd"], "`--status`"),
        (["x", "-b", "odd"], "there is no backend `odd`"),
        (["x", "--since", "odd"], "`--since`"),
    ],
)
def test_a_query_that_means_nothing_is_refused(
    clinvk: Command, words: list[str], sentence: str
) -> None:
    """One sentence with the way out, exit status 2, nothing on stdout."""
    ran = clinvk("sessions", "search", *words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert sentence in ran.stderr.splitlines()[0]


def test_a_mistake_is_told_as_json_where_json_is_asked_for(clinvk: Command) -> None:
    """The envelope of every failure, on stdout; on stderr the sentence, unless it is quiet."""
    for words, said in (([], True), (["x", "-q"], False)):
        ran = clinvk("sessions", "search", "--json", *words)
        assert (ran.exit_code, ran.stderr.startswith("error: ")) == (2, said)
        assert ran.json()["error"]["code"] == "usage"


def test_what_is_damaged_is_said_and_hides_nothing(clinvk: Command) -> None:
    """A broken record and a torn line are passed by, each with a line on stderr."""
    meant = _ran(clinvk, "hello")
    home = clinvk.home.clinvk_home
    with (home / "transcripts" / f"{meant}.jsonl").open("a") as transcript:
        transcript.write('{"type": "message", "turn": 1, "te')
    broken = home / "sessions" / "0123456789ab.json"
    broken.write_text('{"title": "hel')
    ran = clinvk("sessions", "search", "-q", "hello")
    assert (ran.exit_code, ran.stdout) == (0, f"{meant}\n")
    assert f"warning: the record `{broken}` is damaged" in ran.stderr
    assert "warning: skipped a damaged line of transcripts that may match" in ran.stderr
    assert broken.read_text() == '{"title": "hel'
