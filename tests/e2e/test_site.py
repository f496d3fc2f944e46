"""The documentation as a website, its links, and the man page as it is installed."""

import re
import shutil
import subprocess
import sys
import sysconfig
from html.parser import HTMLParser
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAN_PAGE = ROOT / "man" / "clinvk.1"
OUTSIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
"""Documents that are no pages of the site, but link to them."""

_MARKUP = re.compile(r"^\s*(?:[-*] |\d+\. |\||```|#+ |<!--)")


class Rendered(HTMLParser):
    """What a page loads, its anchors, and the lines of text that look like Markdown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.unrendered: list[str] = []
        self._code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what it loads and names."""
        given = dict(attrs)
        self._code += tag in ("pre", "code", "script", "style")
        if tag in ("script", "img", "link", "iframe"):
            self.loaded.append(given.get("src") or given.get("href") or "")
        if given.get("id"):
            self.anchors.add(str(given["id"]))

    def handle_endtag(self, tag: str) -> None:
        """Leave code."""
        self._code -= tag in ("pre", "code", "script", "style")

    def handle_data(self, data: str) -> None:
        """Note a line that is no text."""
        if not self._code:
            self.unrendered += [line for line in data.splitlines() if _MARKUP.match(line)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendered]:
    """Every page of the built site, by its file name."""
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stderr
    pages = {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*.html")}
    assert {f"{page.stem}.html" for page in (ROOT / "docs").glob("*.md")} <= pages.keys()
    return {name: Rendered(html) for name, html in pages.items()}


def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(
    site: dict[str, Rendered],
) -> None:
    """Strict: each page is in the navigation, each link and anchor leads somewhere."""
    assert [place for page in site.values() for place in page.loaded if "//" in place] == []


def test_no_markdown_is_left_in_the_pages(site: dict[str, Rendered]) -> None:
    """MkDocs needs a blank line before a list or a table where GitHub needs none."""
    assert {name: page.unrendered for name, page in site.items() if page.unrendered} == {}


@pytest.mark.parametrize("document", OUTSIDE)
def test_the_links_of_other_documents_lead_somewhere(
    site: dict[str, Rendered], document: str
) -> None:
    """Every file is there, and every anchor in a page."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = link.partition("#")
        if "://" in link or not place:
            continue
        assert (ROOT / place).exists(), link
        if anchor:
            assert anchor in site[f"{Path(place).stem}.html"].anchors, link


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_man_page_is_set_without_a_warning() -> None:
    """At the width of a terminal; it shows the sections that a reader looks for."""
    ran = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou", MAN_PAGE],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert ran.stderr == ""
    sections = [line for line in ran.stdout.splitlines() if re.match("[A-Z]", line)]
    assert sections[1:] == [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "COMMANDS",
        "EXIT STATUS",
        "CONFIGURATION",
        "ENVIRONMENT",
        "FILES",
    ]
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert "`" not in ran.stdout


def test_the_man_page_is_installed() -> None:
    """Where `man` looks for it: beside the folder of the program."""
    installed = Path(sysconfig.get_path("data")) / "share/man/man1/clinvk.1"
    assert installed.is_file()
    origin = distribution("clinvk").read_text("direct_url.json") or ""
    if '"editable"' not in origin:  # there, the page is that of the day of the installation
        assert installed.read_text("utf-8") == MAN_PAGE.read_text("utf-8")
