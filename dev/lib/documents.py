# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The documents for people, as tests read them: blocks, tables, links and headings of each section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import lxml.html
from docutils import nodes
from docutils.core import publish_doctree
from markdown_it import MarkdownIt
from markdown_it.token import Token

from .bootstrap import ROOT

README = ROOT / "README.rst"
REFERENCE = ROOT / "doc" / "reference.md"
GUIDE = ROOT / "doc" / "guide.md"
GUIDE_SPA = ROOT / "doc" / "guide-spa.md"
GUIDE_ADDONS = ROOT / "doc" / "guide-addons.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
#: The page that Odoo Apps shows.
PAGE = ROOT / "static" / "description" / "index.html"


@dataclass(frozen=True)
class Block:
    """A block of code or output under the nearest heading; the language is that of a Markdown fence."""

    section: str
    text: str
    language: str = ""


@dataclass
class Document:
    """A document; its tables are lists of rows without the header, by the nearest heading."""

    path: Path
    headings: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    @property
    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub makes them."""
        return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in self.headings}

    def table(self, section: str) -> dict[str, list[str]]:
        """Return the rows of a section's tables by their first cell, of which nothing is lost."""
        rows = self.tables[section]
        found = {row[0]: row for row in rows}
        assert len(found) == len(rows), f"{self.path.name}: two rows of {section} begin alike"
        return found


def everything() -> list[Document]:
    """Return all documents of the repository."""
    paths = sorted([*ROOT.glob("*.md"), *ROOT.glob("doc/*.md")])
    return [read(path) for path in (README, *paths, PAGE)]


def read(path: Path) -> Document:
    document = Document(path)
    reader = {".rst": _read_rst, ".md": _read_markdown, ".html": _read_html}[path.suffix]
    reader(document, path.read_text())
    return document


# --- Markdown ----------------------------------------------------------------------------------


def _read_markdown(document: Document, text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    section, in_body = "", False
    row: list[str] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open":
            section = _plain(following)
            document.headings.append(section)
        elif token.type == "fence":
            document.blocks.append(Block(section, token.content, token.info))
        elif token.type in ("tbody_open", "tbody_close"):
            in_body = token.type == "tbody_open"
        elif token.type == "tr_open":
            row = []
        elif token.type == "td_open":
            row.append(_plain(following))
        elif token.type == "tr_close" and in_body:
            document.tables.setdefault(section, []).append(row)
        document.links += [
            str(each.attrs["href"]) for each in _inside(token) if "href" in each.attrs
        ]


def _inside(token: Token | None) -> Iterator[Token]:
    yield from (token.children or ()) if token else ()


def _plain(token: Token | None) -> str:
    return "".join(each.content for each in _inside(token))


# --- reStructuredText --------------------------------------------------------------------------


def _read_rst(document: Document, text: str) -> None:
    """Read a document of which a warning of docutils is an error."""
    tree = publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 5})
    section = ""
    for node in tree.findall():
        if isinstance(node, nodes.title):
            section = node.astext()
            document.headings.append(section)
        elif isinstance(node, nodes.literal_block):
            document.blocks.append(Block(section, node.astext()))
        elif isinstance(node, nodes.row):
            cells = [entry.astext() for entry in node.findall(nodes.entry)]
            document.tables.setdefault(section, []).append(cells)
        elif isinstance(node, nodes.reference) and "refuri" in node:
            document.links.append(node["refuri"])
        elif isinstance(node, nodes.image):
            document.links.append(node["uri"])


# --- HTML --------------------------------------------------------------------------------------


def _read_html(document: Document, text: str) -> None:
    section = ""
    for node in lxml.html.fragment_fromstring(text, create_parent=True).iter(
        "h2", "pre", "a", "img"
    ):
        content = node.text_content()
        if node.tag == "h2":
            section = content.strip()
            document.headings.append(section)
        elif node.tag == "pre":
            document.blocks.append(Block(section, content))
        else:
            document.links.append(node.get("href") or node.get("src") or "")
