"""A declaration that cannot work is refused where it stands, before anything is started."""

import pytest

from clinvk.errors import ConfigError
from clinvk.store.config.file import check_config, unused_declarations

WRONG = {
    "toy": "`backends.toy.declared`: expected a section of keys",
    "{program: toy, start: [], colour: red}": "there is no key",
    "{program: toy, start: ['{foo}']}": "there is no placeholder `{foo}`",
    "{program: toy, start: ['x{options}']}": "`{options}` as an argument of its own",
    "{start: []}": "declared.program",
    "{program: toy}": "`backends.toy.declared.start` is missing: a list of texts",
    "{program: toy, start: [], prompt: argument}": "`start` needs `{prompt}`",
    "{program: toy, start: [], prompt: file}": "`start` needs `{prompt_file}`",
    "{program: toy, start: [], prompt: fax}": "expected `stdin`, `argument` or `file`",
    "{program: toy, start: [], resume: [-c]}": "`resume` needs `{conversation}`",
    "{program: toy, start: [], resume: ['{conversation}']}": "the conversation to resume is",
    "{program: toy, start: [], access: {sudo: []}}": "there is no access `sudo`",
    "{program: toy, start: [], errors: {'(': auth}}": "is not a regular expression",
    "{program: toy, start: [], errors: {x: oops}}": "there is no failure `oops`",
    "{program: toy, start: [], environment: {'A=B': x}}": "not a valid name of an environment",
    "{program: toy, start: [], output: {format: json}}": "it needs `text` or `delta`",
    "{program: toy, start: [], output: {format: text, text: a}}": "`text` needs the format",
    "{program: toy, start: [], output: {format: json, text: a..b}}": "a path is a list of steps",
    "{program: toy, start: [], output: {format: xml}}": "expected `text`, `json` or `jsonl`",
    "{program: t, start: [], output: {format: json, text: {path: a, where: {b: [1]}}}}": "expected",
    "{program: t, start: [], output: {format: json, text: [a]}}": "expected a section of keys",
    "{program: t, start: [], output: {format: json, text: {where: {}}}}": ".text.path` is missing",
    "{program: t, start: [], output: {format: json, text: a, noise: [x]}}": "need the format",
    "{program: t, start: [], output: {noise: ['(']}}": "is not a regular expression",
    "{program: t, start: [], conversation_file: 'x/{conversation}'}": "must start with",
    "{program: t, start: [], conversation_file: '{home}/x'}": "`{conversation}` is missing",
    "{program: t, start: [], conversation_file: '/{conversation}{cwd}'}": "no placeholder `{cwd}`",
    '{program: "to\\0y", start: []}': "it contains a NUL character",
}


@pytest.mark.parametrize(("said", "sentence"), WRONG.items())
def test_a_declaration_that_cannot_work_is_refused(said: str, sentence: str) -> None:
    """With the line, the key and what was expected."""
    text = f"# one\nbackends:\n  toy:\n    declared: {said}\n"
    with pytest.raises(ConfigError) as refused:
        check_config(text.encode(), "c.yaml", ("demo",))
    assert sentence in refused.value.message
    assert refused.value.message.startswith("c.yaml:4: ")


@pytest.mark.parametrize("name", ["Upper", "-x", "a.b", "ü", "x" * 33, "a/b"])
def test_an_invalid_name_cannot_be_declared(name: str) -> None:
    """It becomes part of keys, variables and file names."""
    text = f"backends:\n  {name!r}:\n    declared: {{program: toy, start: []}}\n"
    with pytest.raises(ConfigError, match="a backend's name has"):
        check_config(text.encode(), "c.yaml", ("demo",))


def test_a_declaration_does_not_hide_a_backend() -> None:
    """It is not used, and no error: the version of clinvk that wrote it did not have that one."""
    text = b"backends: {demo: {declared: {program: t, start: []}, model: m}}"
    assert check_config(text, "c.yaml", ("demo",)) == {"backends.demo.model": "m"}
    assert unused_declarations(text, "c.yaml", ("demo",)) == {"demo": 1}
    assert unused_declarations(text, "c.yaml", ("other",)) == {}


def test_a_declared_backend_may_be_the_default() -> None:
    """It is a backend like any other."""
    text = b"default_backend: toy\nbackends: {toy: {declared: {program: t, start: []}, model: m}}"
    said = check_config(text, "c.yaml", ("demo",))
    assert said["default_backend"] == "toy"
    assert said["backends.toy.model"] == "m"
