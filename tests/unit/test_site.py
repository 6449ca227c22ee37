"""The documentation: its site builds, its links lead somewhere, and it has every page and every input."""

import re
import shutil
import subprocess
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from litellm_aws.constructs.litellm import LITELLM
from tests.conftest import PROJECT

BUILD = PROJECT / ".site" / "bin" / "zensical"
PAGES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("examples/**/*.md")]


class Ids(HTMLParser):
    """The IDs of a page's elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str | None] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(dict(attrs).get("id"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (BUILD.parents[1] / ".installed").exists():
        pytest.skip("zensical is not installed in .site: `make setup` says why")
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(PROJECT / "zensical.toml", folder)
    shutil.copytree(PROJECT / "docs", folder / "docs")
    done = subprocess.run([BUILD, "build", "--strict"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_every_page_is_in_the_navigation() -> None:
    navigation = tomllib.loads((PROJECT / "zensical.toml").read_text())["project"]["nav"]
    listed = [page for entry in navigation for page in entry.values()]
    assert sorted(listed) == sorted(path.name for path in (PROJECT / "docs").glob("*.md"))


def test_the_site_has_an_anchor_for_every_input(site: Path) -> None:
    assert LITELLM.inputs.keys() <= Ids((site / "inputs.html").read_text()).found


def test_the_site_asks_no_other_host_for_anything(site: Path) -> None:
    loaded = re.findall(
        r'<(?:script|link|img)[^>]+(?:src|href)="?(?:https?:)?//[^">]+', (site / "index.html").read_text()
    )
    assert loaded == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_the_links_of_a_page_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    gone = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert gone == []
