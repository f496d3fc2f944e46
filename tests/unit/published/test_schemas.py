"""The JSON Schemas that ship with the package."""

from clinvk.published.schemas import SCHEMAS, render_schemas


def test_the_shipped_schemas_are_those_of_the_code() -> None:
    """`python -m clinvk.published.schemas` writes them; nobody edits them by hand."""
    shipped = {file.name: file.read_text(encoding="utf-8") for file in SCHEMAS.iterdir()}
    assert shipped == render_schemas()
