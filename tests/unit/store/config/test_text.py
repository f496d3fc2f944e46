"""A change to one key leaves the rest of the text as it is, character by character."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clinvk.store.config.text import TooUnusualError, with_backend, with_key, without_key

EXAMPLE = (Path(__file__).parents[4] / "config.example.yaml").read_text()


@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        ("", "run.timeout", "2h", "run:\n  timeout: 2h\n"),
        ("# mine\n", "default_backend", "demo", "# mine\ndefault_backend: demo\n"),
        ("a_b: 1", "run.access", None, "a_b: 1\nrun:\n  access: null\n"),
        ("run:\n  timeout: 1h # why\n", "run.timeout", "2h", "run:\n  timeout: 2h # why\n"),
        ('run:\n  timeout: "1h"\n', "run.timeout", "2h", "run:\n  timeout: 2h\n"),
        (
            "run:\n    timeout: 1h  # why\n\n# tail\n",
            "run.access",
            "edit",
            "run:\n    timeout: 1h  # why\n    access: edit\n\n# tail\n",
        ),
        (
            "run:\n    timeout: 1h\n",
            "backends.demo.model",
            "on",
            "run:\n    timeout: 1h\nbackends:\n    demo:\n        model: 'on'\n",
        ),
        (
            "run:\n  # timeout: 3h\noutput:\n  format: json",
            "run.timeout",
            "2h",
            "run:\n  timeout: 2h\n  # timeout: 3h\noutput:\n  format: json",
        ),
        ("run:\n  timeout:  # none\n", "run.timeout", "2h", "run:\n  timeout: 2h # none\n"),
        ("run:\n  timeout:", "run.timeout", "2h", "run:\n  timeout: 2h\n"),
        ("run: ~\nx: 1\n", "run.timeout", "2h", "run:\n  timeout: 2h\nx: 1\n"),
        (
            "backends: {}  # none yet\nx: 1\n",
            "backends.demo.extra_args",
            ["--x: y", "b"],
            "backends: # none yet\n  demo:\n    extra_args: ['--x: y', b]\nx: 1\n",
        ),
        (
            "session:\n  default_tags:  # mine\n    - a\n    # about b\n    - b\n\n  x: 1\n",
            "session.default_tags",
            ["z"],
            "session:\n  default_tags: [z]  # mine\n    # about b\n\n  x: 1\n",
        ),
        (
            "backends:\n  demo:\n    system_prompt: |\n      a\n\n      b\n\n    # n\n    y: 1\n",
            "backends.demo.system_prompt",
            "new",
            "backends:\n  demo:\n    system_prompt: new\n\n    # n\n    y: 1\n",
        ),
        (
            "backends:\r\n  demo:\r\n    model: x\r\n",
            "backends.demo.system_prompt",
            "a\nb: c",
            'backends:\r\n  demo:\r\n    model: x\r\n    system_prompt: "a\\nb: c"\r\n',
        ),
        ("run: {timeout: 1h,}\n", "run.access", "edit", "run: {timeout: 1h, access: edit}\n"),
        ("{run: {timeout: 1h}}\n", "run.timeout", "2h", "{run: {timeout: 2h}}\n"),
        ("{run: {}}\n", "run.timeout", "2h", "{run: {timeout: 2h}}\n"),
        ("{x: 1}\n", "run.timeout", "2h", "{x: 1, run: {timeout: 2h}}\n"),
        ("\ufeffrun:\n  timeout: 1h\n", "run.timeout", "2h", "\ufeffrun:\n  timeout: 2h\n"),
    ],
)
def test_setting_a_key_changes_only_its_place(
    before: str, key: str, value: object, after: str
) -> None:
    """Comments, order, indentation, line ends and blank lines are those of the person."""
    assert with_key(before, key, value) == after


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("run:\n  timeout: 1h\n", "run.timeout", ""),
        ("# a\nrun:\n  timeout: 1h # c\n\nx: 1\n", "run.timeout", "# a\n\nx: 1\n"),
        ("run:\n  # b\n  timeout: 1h\nx: 1\n", "run.timeout", "run:\n  # b\nx: 1\n"),
        ("run:\n  timeout: 1h\n  # b\nx: 1\n", "run.timeout", "run:\n  # b\nx: 1\n"),
        ("run:\n  timeout: 1h\n  access: edit\n", "run.timeout", "run:\n  access: edit\n"),
        (
            "backends:\n  demo:\n    extra_args:\n    - x\n    - y\n  b:\n    model: z\n",
            "backends.demo.extra_args",
            "backends:\n  b:\n    model: z\n",
        ),
        ("run: {timeout: 1h, access: edit}\n", "run.timeout", "run: {access: edit}\n"),
        ("run: {timeout: 1h}  # c\n", "run.timeout", "run: {}  # c\n"),
        ("{run: {timeout: 1h}, x: 1}\n", "run.timeout", "{x: 1}\n"),
        ("run:\n  timeoutt: 1h\n  access: edit\n", "run.timeoutt", "run:\n  access: edit\n"),
        ("backends:\n  demi:\n    model: x\nx: 1\n", "backends.demi", "x: 1\n"),
    ],
)
def test_removing_a_key_removes_its_lines_and_empty_sections(
    before: str, key: str, after: str
) -> None:
    """A section with a comment is kept; a section that only had the key is removed."""
    assert without_key(before, key) == after


def test_a_missing_key_is_not_removed() -> None:
    """The result is None, and the text is not rewritten."""
    assert without_key(EXAMPLE, "backends.demo.model") is None
    assert without_key("", "run.timeout") is None


@pytest.mark.parametrize(
    "text",
    [
        "run: &r\n  timeout: 1h\noutput: *r\n",
        "base: &b {timeout: 1h}\nrun: *b\n",
        "- a\n",
        "just words\n",
        "run: 5\n",
        "---\nx: 1\n...\n",
        "? run\n: timeout: 1h\n",
        '"run": {"timeout": &t "1h", "idle_timeout": *t}\n',
    ],
)
def test_a_text_that_is_too_unusual_is_refused_or_changed_rightly(text: str) -> None:
    """A change is proven by parsing the result: it never touches another key."""
    try:
        changed = with_key(text, "run.timeout", "2h")
    except TooUnusualError:
        return
    assert yaml.safe_load(changed)["run"]["timeout"] == "2h"


def test_every_key_of_the_example_can_be_set_and_removed() -> None:
    """The example file keeps all its comments."""
    comments = [line for line in EXAMPLE.splitlines() if line.lstrip().startswith("#")]
    text = with_key(EXAMPLE, "backends.demo.model", "demo-2")
    text = with_key(text, "session.default_tags", ["a", "b"])
    text = with_key(text, "run.timeout", "2h")
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")] == comments
    for key in ("backends.demo.model", "session.default_tags", "run.timeout", "default_backend"):
        text = without_key(text, key) or ""
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")] == comments
    assert yaml.safe_load(text)["output"]["color"] == "auto"


_KEYS = st.sampled_from(
    ["run.timeout", "run.access", "session.default_tags", "backends.demo.model", "backends.b.model"]
)
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=3)
)


@given(st.lists(st.tuples(_KEYS, _VALUES, st.booleans()), max_size=6))
def test_any_changes_one_after_another_say_what_was_asked_for(
    changes: list[tuple[str, object, bool]],
) -> None:
    """Whatever is set or taken out, in whatever order, the file says the last word on each key."""
    text, wanted = "# head\n\nrun:\n  timeout: 1h # why\n", {"run.timeout": "1h"}
    for key, value, is_set in changes:
        if is_set:
            text, wanted = with_key(text, key, value), {**wanted, key: value}
        elif key in wanted:
            text, wanted = without_key(text, key) or "", {**wanted}
            del wanted[key]
        else:
            assert without_key(text, key) is None
    assert text.startswith("# head\n")
    said = yaml.safe_load(text) or {}
    for key, value in wanted.items():
        place = said
        for part in key.split("."):
            place = place[part]
        assert place == value


ONE_BACKEND = "# about it\nbackends:\n  x:\n    declared:\n      program: x # why\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "backends:\n  # about it\n  x:\n    declared:\n      program: x # why\n"),
        (
            "run:\n    timeout: 1h",
            (
                "run:\n    timeout: 1h\nbackends:\n    # about it\n    x:\n      declared:\n"
                "        program: x # why\n"
            ),
        ),
        (
            "backends: # mine\nrun:\n  timeout: 1h\n",
            (
                "backends: # mine\n  # about it\n  x:\n    declared:\n      program: x # why\n"
                "run:\n  timeout: 1h\n"
            ),
        ),
        (
            "backends:\n claude:\n  model: opus\n # tail\nrun:\n  timeout: 1h\n",
            (
                "backends:\n claude:\n  model: opus\n # about it\n x:\n   declared:\n"
                "     program: x # why\n # tail\nrun:\n  timeout: 1h\n"
            ),
        ),
        (
            "backends:\r\n  claude:\r\n    model: opus\r\n",
            (
                "backends:\r\n  claude:\r\n    model: opus\r\n  # about it\r\n  x:\r\n"
                "    declared:\r\n      program: x # why\r\n"
            ),
        ),
    ],
)
def test_a_backend_is_added_with_its_comments(before: str, after: str) -> None:
    """At the end of the section, with its indentation; the rest is unchanged."""
    assert with_backend(before, ONE_BACKEND) == after


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("backends: {claude: {model: opus}}\n", "in braces"),
        ("{}", "in braces"),
        ("backends:\n  x:\n    model: m\n", "has a section `backends.x`"),
    ],
)
def test_a_backend_is_not_added_where_it_cannot_stand(before: str, why: str) -> None:
    """The text is refused, with the reason."""
    with pytest.raises(TooUnusualError, match=why):
        with_backend(before, ONE_BACKEND)
