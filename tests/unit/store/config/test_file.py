"""`config.yaml`: checked key by key, and an error says where."""

from pathlib import Path

import pytest

from clinvk.errors import ConfigError
from clinvk.model.config import DEFAULTS
from clinvk.store.config.file import check_config, lines_of, problems_in, read_config

EXAMPLE = Path(__file__).parents[4] / "config.example.yaml"
BACKENDS = ("alpha", "demo")


def test_no_file_says_nothing(tmp_path: Path) -> None:
    """Without a file every key has its default."""
    assert read_config(tmp_path / "config.yaml", must_exist=False) is None


def test_a_home_that_is_not_a_folder_has_no_configuration(tmp_path: Path) -> None:
    """A file in the place of the home costs the record of a run, not the run."""
    (tmp_path / "home").write_text("in the way")
    assert read_config(tmp_path / "home" / "config.yaml", must_exist=False) is None


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    """`--config FILE` never falls back to something else."""
    with pytest.raises(ConfigError, match="there is no configuration file"):
        read_config(tmp_path / "none.yaml", must_exist=True)


def test_a_folder_or_a_huge_file_is_no_configuration(tmp_path: Path) -> None:
    """It is an error, and the file is not read to its end."""
    with pytest.raises(ConfigError, match=r"cannot read .*: it is not a regular file"):
        read_config(tmp_path, must_exist=False)
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match="is too large for a configuration file"):
        read_config(huge, must_exist=False)


def test_only_keys_in_the_file_are_returned() -> None:
    """A key that is not in the file is left to the environment and the default."""
    said = check_config(
        b"run:\n  timeout: 2h\nbackends:\n  demo:\n    model: demo-2\n    access: edit\n", "f"
    )
    assert said == {
        "run.timeout": "2h",
        "backends.demo.model": "demo-2",
        "backends.demo.access": "edit",
    }


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "run:\n", "run:\n  # timeout: 2h\n", "backends:\n  demo:\n", "{}"]
)
def test_a_section_with_every_line_commented_out_says_nothing(text: str) -> None:
    """Commenting a section's last key out does not make the file invalid."""
    assert check_config(text.encode(), "f", BACKENDS) == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("run:\n  timeoutt: 2h\n", "f:2: there is no key `run.timeoutt`"),
        ("run:\n  timeout: 10x\n", "f:2: `run.timeout`: `10x` is not a duration"),
        ("run:\n  timeout: 10\n", "f:2: `run.timeout`: `10` needs a unit"),
        ("run:\n  idle_timeout: 1.5\n", "f:2: `run.idle_timeout`: `1.5` needs a unit"),
        (
            "run:\n  timeout: true\n",
            "f:2: `run.timeout`: expected a duration such as `30s`, `15m` or `2h`, or null, got",
        ),
        (
            "session:\n  retention_days: -1\n",
            "f:2: `session.retention_days`: expected a whole number from 0, got `-1`",
        ),
        (
            "session:\n  auto_resume: maybe\n",
            "f:2: `session.auto_resume`: expected true or false, got `maybe`",
        ),
        (
            "session:\n  auto_resume: null\n",
            "f:2: `session.auto_resume`: expected true or false, got `null`",
        ),
        (
            "output:\n  format: xml\n",
            "f:2: `output.format`: expected `text`, `json` or `stream-json`, got `xml`",
        ),
        (
            "session:\n  default_tags:\n    - a\n    - 7\n",
            "f:4: `session.default_tags.1`: expected a text, got `7`",
        ),
        ("session:\n  default_tags: ['']\n", "f:2: `session.default_tags.0`: a tag is 1 to 64"),
        (
            "backends:\n  demo:\n    access: wide\n",
            "f:3: `backends.demo.access`: expected `read-only`, `ask`, `edit` or `full`, or null,",
        ),
        ("backends:\n  demo:\n    model: ' '\n", "f:3: `backends.demo.model`: it is empty"),
        ('backends:\n  demo:\n    extra_args: ["\\0"]\n', "f:3: `backends.demo.extra_args.0`: "),
        ("backends:\n  demi:\n    model: x\n", "f:2: `backends.demi`: there is no backend `demi`"),
        ("\ndefault_backend: demi\n", "f:2: `default_backend`: there is no backend `demi`"),
        ("run: [2h]\n", "f:1: `run`: expected a section of keys, got a list"),
        ("- a\n", "f: expected a section of keys, got a list"),
        ("a: [\n", "f:2: this is not YAML"),
        ("run:\n  timeout: 1h\n  timeout: 2h\n", "f:3: duplicate key `run.timeout`"),
        ("backends:\n  demo: {}\n  demo: {}\n", "f:3: duplicate key `backends.demo`"),
        ("run:\n  access: 2024-13-45\n", "f: this cannot be read"),
        ("x: 1\nrun:\n  y: 2\n", "f:1: there is no key `x` (and 1 more)"),
    ],
)
def test_an_error_names_file_line_key_and_what_was_expected(text: str, complaint: str) -> None:
    """The person finds the place without searching."""
    with pytest.raises(ConfigError) as wrong:
        check_config(text.encode(), "f", BACKENDS)
    assert wrong.value.message.startswith(complaint)
    assert wrong.value.exit_status == 3


def test_the_first_of_several_errors_is_shown_and_a_hint_lists_all() -> None:
    """One sentence about one error; a command lists the others."""
    with pytest.raises(ConfigError) as wrong:
        check_config(b"output:\n  format: xml\nrun:\n  timeout: 10x\n", "f", BACKENDS)
    assert wrong.value.message.endswith("got `xml` (and 1 more)")
    assert wrong.value.hint == "`clinvk config validate` lists all of them"


def test_all_errors_are_listed_in_the_order_of_the_lines() -> None:
    """A check of a file shows all errors at once."""
    text = b"output:\n  format: xml\nrun:\n  timeout: 10x\nbackends:\n  demi:\n    modle: x\n"
    problems = problems_in(text, "f", BACKENDS)
    assert [problem[:4] for problem in problems] == ["f:2:", "f:4:", "f:6:", "f:7:"]
    assert "; did you mean `demo`?" in problems[2]
    assert problems_in(b"a: [\n", "f", BACKENDS)[0].startswith("f:2: this is not YAML")
    assert problems_in(b"run:\n  timeout: 1h\n", "f", BACKENDS) == []


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe\x00",
        b"a: \x00",
        b"!!python/object:os.system {}",
        b"[" * 1_000,
        b"&a [*a]",
        b"run: &a\n  timeout: *a\n",
    ],
    ids=["binary", "nul", "an object", "deep", "itself", "in itself"],
)
def test_text_that_is_not_yaml_is_an_error(text: bytes) -> None:
    """Binary data, and a tag that would build an object, are refused."""
    with pytest.raises(ConfigError):
        check_config(text, "f")


def test_a_long_value_is_cut_in_the_error() -> None:
    """An error is one sentence, whatever was pasted into the file."""
    with pytest.raises(ConfigError) as wrong:
        check_config(b"output:\n  format: " + b"x" * 10_000, "f")
    assert len(wrong.value.message) < 200


DECLARED = (
    "`clinvk backends add` lists further agents, and any other CLI can be declared in `config.yaml`"
)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("run:\n  idle_timout: 5m\n", "did you mean `idle_timeout`?"),
        ("sesion:\n  auto_resume: true\n", "did you mean `session`?"),
        ("timeout: 5m\n", "did you mean `run.timeout`?"),
        ("backends:\n  demo:\n    modle: x\n", "did you mean `model`?"),
        ("default_backend: demi\n", "did you mean `demo`?"),
        ("default_backend: zzz\n", f"one of: alpha, demo\n{DECLARED}"),
        ("zzz: 1\n", None),
    ],
)
def test_a_misspelt_word_is_met_with_the_nearest(text: str, hint: str | None) -> None:
    """The way out of a typing error is the word that was meant."""
    with pytest.raises(ConfigError) as wrong:
        check_config(text.encode(), "f", BACKENDS)
    assert wrong.value.hint == hint


def test_the_lines_of_a_file_are_those_of_its_keys() -> None:
    """What `--origin` says is where the key stands, in braces too."""
    text = (
        b"# head\nrun:\n  # c\n  timeout: 2h\noutput: {format: json,\n  color: never}\nsession:\n"
    )
    assert lines_of(text, "f") == {"run.timeout": 4, "output.format": 5, "output.color": 6}


def test_the_example_says_the_defaults_key_by_key() -> None:
    """`config.example.yaml` equals the defaults and leaves none out."""
    assert check_config(EXAMPLE.read_bytes(), str(EXAMPLE)) == dict(DEFAULTS)
