"""`config.yaml`: checked key by key, and an error says where."""

from pathlib import Path

import pytest

from clinvk.errors import ConfigError
from clinvk.store.config_file import check_config, load_config

EXAMPLE = Path(__file__).parents[3] / "config.example.yaml"


def test_no_file_says_nothing(tmp_path: Path) -> None:
    """Without a file every key has its default."""
    assert load_config(tmp_path / "config.yaml", must_exist=False) == {}


def test_a_home_that_is_no_folder_holds_no_configuration(tmp_path: Path) -> None:
    """A file in the way of the home costs the record of a run, not the run."""
    (tmp_path / "home").write_text("in the way")
    assert load_config(tmp_path / "home" / "config.yaml", must_exist=False) == {}


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    """`--config FILE` never falls back to something else."""
    with pytest.raises(ConfigError, match="there is no configuration file"):
        load_config(tmp_path / "none.yaml", must_exist=True)


def test_only_what_was_said_is_said() -> None:
    """A key that the file leaves out is left to the environment and the default."""
    said = check_config(
        b"run:\n  timeout: 2h\nbackends:\n  demo:\n    model: demo-2\n    access: edit\n", "f"
    )
    assert said == {
        "run.timeout": "2h",
        "backends.demo.model": "demo-2",
        "backends.demo.access": "edit",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("run:\n  timeoutt: 2h\n", "f:2: there is no key `run.timeoutt`"),
        ("run:\n  timeout: 10x\n", "f:2: `run.timeout`: `10x` is not a duration"),
        ("run:\n  timeout: 10\n", "f:2: `run.timeout`: expected a valid string, got `10`"),
        ("session:\n  retention_days: -1\n", "f:2: `session.retention_days`: expected greater"),
        ("session:\n  auto_resume: maybe\n", "f:2: `session.auto_resume`: expected a valid bool"),
        ("output:\n  format: xml\n", "f:2: `output.format`: expected 'text', 'json' or"),
        ("session:\n  default_tags:\n    - a\n    - 7\n", "f:4: `session.default_tags.1`"),
        ("backends:\n  x:\n    access: wide\n", "f:3: `backends.x.access`: expected 'read-only'"),
        ("- a\n", "f: `the whole file`"),
        ("a: [\n", "f:2: this is not YAML"),
    ],
)
def test_an_error_names_file_line_key_and_what_was_expected(text: str, complaint: str) -> None:
    """The person finds the place without searching."""
    with pytest.raises(ConfigError) as wrong:
        check_config(text.encode(), "f")
    assert wrong.value.message.startswith(complaint)
    assert wrong.value.exit_status == 3


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"a: \x00", b"!!python/object:os.system {}"])
def test_what_is_no_yaml_text_is_an_error_too(text: bytes) -> None:
    """Neither binary data nor a tag that would build an object gets through."""
    with pytest.raises(ConfigError):
        check_config(text, "f")


def test_a_misspelt_key_is_met_with_the_nearest() -> None:
    """The way out of a typing error is the key that was meant."""
    with pytest.raises(ConfigError) as wrong:
        check_config(b"run:\n  idle_timout: 5m\n", "f")
    assert wrong.value.hint == "did you mean `idle_timeout`?"


def test_the_example_says_the_defaults_key_by_key() -> None:
    """`config.example.yaml` equals the defaults and leaves none out."""
    from clinvk.model.config import DEFAULTS

    assert load_config(EXAMPLE, must_exist=True) == dict(DEFAULTS)
