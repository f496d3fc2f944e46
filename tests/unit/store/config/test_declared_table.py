"""The documentation of declared backends agrees with their form."""

import re
from pathlib import Path

from clinvk.model.declared import PLACEHOLDERS
from clinvk.store.config.examples import example, example_names
from clinvk.store.config.file import check_config

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "backends.md").read_text(encoding="utf-8")


def test_the_page_has_the_keys_of_the_form() -> None:
    """Those of a section within a section, and those whose last part is anybody's."""
    for key in ("program", "output.usage.cached_apart", "access.LEVEL", "errors.PATTERN"):
        assert f"| `{key}` |" in PAGE


def test_the_page_names_every_placeholder() -> None:
    """And none that there is not."""
    [sentence] = re.findall(r"- An argument can contain (.*?)\. Arguments", PAGE, re.DOTALL)
    assert set(re.findall(r"`\{([a-z_]+)\}`", sentence)) == set(PLACEHOLDERS)


def test_every_declaration_in_the_documentation_is_valid() -> None:
    """The two of the page, and those that come with clinvk."""
    shown = [
        text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "declared" in text
    ]
    assert len(shown) == 2
    for text in (*shown, *(example(name).text for name in example_names())):
        said = check_config(text.encode(), "config.yaml", ("demo",))
        assert any(key.endswith(".declared") for key in said)
