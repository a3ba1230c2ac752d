"""The documentation as pages: every link leads somewhere, no style in attributes, no other file is shown."""

import re

import pytest

from dashboard.help_pages import ABOUT, about, document, documents, sections
from tests.unit.dashboard.conftest import Dashboard


def test_every_document_is_shown_and_every_link_between_documents_leads_to_a_heading_that_exists() -> None:
    assert {"howto/dashboard", "reference/recipes", "reference/cli", "tutorial/first-fleet"} <= documents().keys()
    pages = {name: shown.html for name in documents() if (shown := document(name))}
    assert pages.keys() == documents().keys()
    for name, html in pages.items():
        assert not re.search(r"<[^>]+ style=", html), name
        for target, _, anchor in re.findall(r'href="/help/([^"#]*)(#([^"]*))?"', html):
            assert target in pages, (name, target)
            assert not anchor or f'id="{anchor}"' in pages[target], (name, target, anchor)


@pytest.mark.parametrize("target", ABOUT.values())
def test_the_documentation_of_every_page_exists(target: str) -> None:
    name, _, anchor = target.partition("#")
    shown = document(name)
    assert shown is not None
    assert not anchor or f'id="{anchor}"' in shown.html


def test_pages_lead_to_their_documentation(dashboard: Dashboard) -> None:
    assert about("/recipes/web/edit") == "/help/reference/recipes"
    assert about("/batches") == "/help/howto/dashboard"
    ana = dashboard.browser("ana")
    assert 'href="/help/howto/dashboard#uploading-in-a-browser"' in ana.get("/upload").text
    page = ana.get("/help/reference/recipes")
    assert (page.status_code, '<article class="document"><h1' in page.text) == (200, True)
    index = ana.get("/help").text
    headings = ("Tutorials", "How to", "Reference", "How it works", "Decisions")
    places = [index.index(f"<h2>{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert places[1] < index.index('href="/help/howto/dashboard"') < places[2]
    assert {name for listed in sections().values() for name in listed} == documents().keys()


@pytest.mark.parametrize("name", ["../README", "..%2F..%2Fpyproject", "%2Fetc%2Fpasswd", "none", "howto"])
def test_only_documents_are_shown(dashboard: Dashboard, name: str) -> None:
    assert dashboard.browser("ana").get(f"/help/{name}").status_code == 404
