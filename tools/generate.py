"""Write every file of the repository that is made from the code: `python -m tools.generate`.

These are the completions, the man page, the command reference, the page of errors, tables of the
documentation, and the JSON Schemas; `tests/unit/test_generated.py` compares. The golden files of
the contract tests are not among them: they say what is expected, so `pytest tests/contract
--update` writes them for you to read.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.commands import capabilities, completions, reference
from tools.declared_table import declared_acp_table, declared_table
from tools.errors_page import errors_page
from tools.examples_table import examples_table
from tools.json_tables import error_table, events_table, result_table, usage_table
from tools.keys_table import keys_table
from tools.man_page import man_page
from tools.schemas import render_schemas

ROOT = Path(__file__).resolve().parents[1]
_TABLES = {
    "docs/backends.md": {
        "capabilities": capabilities,
        "declared": declared_table,
        "declared-acp": declared_acp_table,
        "examples": examples_table,
    },
    "docs/configuration.md": {"keys": keys_table},
    "docs/json.md": {
        "result": result_table,
        "usage": usage_table,
        "error": error_table,
        "events": events_table,
    },
}
"""Pages that people write, but for the tables between two marks."""


def generated() -> Mapping[str, str]:
    """The text of each file, by its path in the repository."""
    return {
        **completions(),
        "docs/commands.md": reference(),
        "docs/errors.md": errors_page(),
        "man/clinvk.1": man_page(),
        **dict(_filled_pages()),
        **{f"clinvk/schemas/{name}": text for name, text in render_schemas().items()},
    }


def _filled_pages() -> Iterator[tuple[str, str]]:
    for name, tables in _TABLES.items():
        page = (ROOT / name).read_text(encoding="utf-8")
        for mark, table in tables.items():
            begin = f"<!-- {mark}: written by `python -m tools.generate` -->\n"
            head, found, rest = page.partition(begin)
            if not found:
                raise LookupError(f"{name} has no line {begin}")
            end = f"<!-- end of {mark} -->"
            page = f"{head}{begin}{table()}{end}{rest.partition(end)[2]}"
        yield name, page


def main() -> None:
    """Write what is out of date, and say what that was."""
    for name, text in generated().items():
        file = ROOT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")


if __name__ == "__main__":
    main()
