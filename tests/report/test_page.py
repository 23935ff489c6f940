"""The page is sound HTML, asks nobody for anything, shows hostile texts as texts, and leads from numbers to runs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from ltd.report import page
from ltd.report.content import Cell, Figure, Report, Section, Table

HOSTILE = "<script>alert('1')</script><img src=x onerror=\"alert(2)\"> & {{ 7 * 7 }} </style> `<b>`"

VOID = {"img", "wbr", "meta", "br", "link", "input", "hr"}


@dataclass
class Element:
    """A tag, its attributes, and those it stands in."""

    tag: str
    attributes: dict[str, str | None]
    parents: tuple[Element, ...]
    text: str = ""


@dataclass
class Document(HTMLParser):
    """Every element of a page, in order; a tag that is not closed, or closed twice, fails."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def read(cls, path: Path) -> Document:
        document = cls()
        document.feed(path.read_text("utf-8"))
        document.close()
        assert not document.open
        return document

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute stands twice in {tag}"
        self.elements.append(Element(tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]


def draw(canvas: Any) -> None:
    canvas.subplots().plot([1, 2], [3, 4])


def report(runs: Path) -> Report:
    first, second = runs / "kcenter 0.5% #1", runs / 'random"&<s0>'
    table = Table(
        "results",
        f"Results {HOSTILE}",
        (HOSTILE, "accuracy (%)", "verdict"),
        (
            (Cell(HOSTILE), Cell("51.2", 51.23456789, (first, second)), Cell("better", None, (first,), "good")),
            (Cell("random", tone="strong"), Cell("49.0", 49.0, (second,)), Cell("worse", tone="bad")),
        ),
        frozenset({1}),
        HOSTILE,
    )
    plain = Table("plain", "No numbers", ("a", "b"), ((Cell("x"), Cell("y")),))
    return Report(
        HOSTILE,
        HOSTILE,
        (HOSTILE, "run `train.py` again"),
        (
            Section(
                "results", HOSTILE, HOSTILE, (table, plain), (Figure("budget", HOSTILE, HOSTILE, draw),), (HOSTILE,)
            ),
            Section("claims", "Claims", "", missing="no run of the paper's; `python train.py -m seed=0` makes them"),
        ),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("report")
    return page.write(report(base / "outputs" / "train"), base / "outputs" / "report")


@pytest.fixture(scope="module")
def document(written: Path) -> Document:
    return Document.read(written)


def test_names_are_unique_and_every_anchor_exists(document: Document) -> None:
    names = Counter(element.attributes["id"] for element in document.elements if "id" in element.attributes)
    assert max(names.values()) == 1
    wanted = [href[1:] for one in document.all("a") if (href := one.attributes["href"] or "").startswith("#")]
    assert {"results", "claims", "page-sources", "page-content"} <= set(wanted) <= set(names)
    labelled = [one.attributes["aria-labelledby"] for one in document.elements if "aria-labelledby" in one.attributes]
    assert set(labelled) <= set(names)


def test_nothing_is_asked_from_anywhere(document: Document, written: Path) -> None:
    loaded = [value or "" for one in document.elements for name, value in one.attributes.items() if name == "src"]
    assert len(loaded) == 1
    assert all(source.startswith("data:image/svg+xml;base64,") for source in loaded)
    assert not document.all("link", "iframe", "object", "base", "form")
    assert not re.search(r"@import|url\(|https?:", written.read_text("utf-8"))


def test_only_our_own_style_and_script_may_run(document: Document) -> None:
    policy = next(one.attributes["content"] or "" for one in document.all("meta") if "http-equiv" in one.attributes)
    for tag in ("style", "script"):
        (element,) = document.all(tag)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    given = {name for one in document.elements for name in one.attributes}
    assert not {name for name in given if name == "style" or name.startswith("on")}  # the policy would stop them


def test_hostile_texts_are_shown_as_they_are(document: Document) -> None:
    shown = HOSTILE.replace("`", "")  # between backticks is code
    texts = {tag: [element.text for element in document.all(tag)] for tag in ("title", "h1", "h2", "li", "th", "p")}
    assert texts["title"] == [HOSTILE]
    assert texts["h1"] == [HOSTILE] and HOSTILE in texts["h2"] and shown in texts["li"]
    assert texts["th"][:1] == [HOSTILE] and shown in texts["th"] and shown in texts["p"]
    assert document.all("img")[0].attributes["alt"] == HOSTILE
    assert Counter(one.text for one in document.all("code"))["<b>"] == 8
    assert len(document.all("script")) == 1 and not document.all("b")


def test_headings_tables_and_figures_say_what_they_are(document: Document) -> None:
    levels = [int(one.tag[1]) for one in document.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1 and set(levels[1:]) == {2}
    for table in document.all("table"):
        assert any(parent.attributes.get("class") == "scroll" for parent in table.parents)
    assert len(document.all("caption")) == len(document.all("table")) == 2
    scopes = [
        (one.attributes["scope"], "thead" if any(parent.tag == "thead" for parent in one.parents) else "tbody")
        for one in document.all("th")
    ]
    assert set(scopes) == {("col", "thead"), ("row", "tbody")}
    (picture,) = document.all("img")
    assert [parent.tag for parent in picture.parents[-2:]] == ["figure", "div"]
    assert (picture.attributes["width"], picture.attributes["height"]) == ("800", "394")
    assert document.elements[0].attributes["lang"] == "en"


def test_every_number_leads_to_its_runs(document: Document, written: Path) -> None:
    runs = written.parents[1] / "train"
    cells = {one.text: one.parents[-1] for one in document.all("a") if one.attributes.get("class") == "source"}
    hrefs = {one.text: one.attributes["href"] for one in document.all("a") if one.attributes.get("class") == "source"}
    assert set(hrefs) == {"51.2", "better", "49.0"}
    assert cells["51.2"].attributes["data-value"] == "51.23456789"
    assert cells["better"].attributes["class"] == "tone-good"

    def reached(href: str | None) -> Path:
        assert href and "%22" not in href.split("/")[0]
        return (written.parent / unquote(href)).resolve()

    assert reached(hrefs["better"]) == runs / "kcenter 0.5% #1"
    assert reached(hrefs["49.0"]) == runs / 'random"&<s0>'
    (behind,) = (one for one in document.all("li") if f"#{one.attributes.get('id')}" == hrefs["51.2"])
    links = [one.attributes["href"] for one in document.all("a") if behind in one.parents]
    assert [reached(link) for link in links] == [runs / "kcenter 0.5% #1", runs / 'random"&<s0>']
    rows = [one.attributes.get("data-sources") for one in document.all("th") if one.attributes["scope"] == "row"]
    assert rows == ["1, 2", "3", None]


def test_every_file_it_links_to_is_there(document: Document, written: Path) -> None:
    files = [one.attributes["href"] for one in document.all("a") if one.parents[-1].attributes.get("class") == "files"]
    assert files == ["plots/budget.png", "plots/budget.svg", "tables/results.csv", "tables/plain.csv"]
    assert all((written.parent / unquote(name or "")).stat().st_size for name in files)
    assert (written.parent / "table.tex").exists()


def test_a_section_without_content_says_what_would_fill_it(document: Document) -> None:
    (missing,) = (one for one in document.all("p") if one.attributes.get("class") == "missing")
    assert missing.text == "Nothing to show yet. no run of the paper's; python train.py -m seed=0 makes them"


def test_files_of_an_earlier_report_go_and_those_of_others_stay(tmp_path: Path) -> None:
    first = report(tmp_path / "train")
    page.write(first, tmp_path)
    for name in ("tables/mine.csv", "plots/mine.png"):
        (tmp_path / name).write_text("not of a report")
    left = Table("plain", "No numbers", ("a", "b"), ((Cell("x"), Cell("y")),))
    page.write(Report("Less", "today", (), (Section("results", "Results", "", (left,)),)), tmp_path)
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*.*")}
    assert there == {"tables/plain.csv", "tables/mine.csv", "plots/mine.png"}


def test_the_same_report_is_the_same_bytes(written: Path, tmp_path: Path) -> None:
    page.write(report(tmp_path / "train"), tmp_path / "report")
    names = sorted(path.relative_to(tmp_path / "report") for path in (tmp_path / "report").rglob("*") if path.is_file())
    assert len(names) == 8
    for name in names:
        assert (tmp_path / "report" / name).read_bytes() == (written.parent / name).read_bytes(), name


def test_a_figure_of_many_marks_is_shown_as_its_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "INLINE_AT_MOST", 100)
    (picture,) = Document.read(page.write(report(tmp_path / "train"), tmp_path / "report")).all("img")
    content = base64.b64decode((picture.attributes["src"] or "").removeprefix("data:image/png;base64,"))
    assert content == (tmp_path / "report" / "plots" / "budget.png").read_bytes()


@pytest.mark.parametrize("change", [lambda text: text.replace("</table>", "", 1), lambda text: text + "</p>"])
def test_the_reader_of_these_tests_is_strict(written: Path, tmp_path: Path, change: Callable[[str], str]) -> None:
    (tmp_path / "broken.html").write_text(change(written.read_text("utf-8")), "utf-8")
    with pytest.raises((AssertionError, IndexError)):
        Document.read(tmp_path / "broken.html")


def test_a_report_of_nothing_is_a_page(tmp_path: Path) -> None:
    document = Document.read(page.write(Report("Nothing", "today", (), ()), tmp_path))
    assert [one.text for one in document.all("h1", "h2")] == ["Nothing"]
