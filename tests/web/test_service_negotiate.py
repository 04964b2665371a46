"""Which form of an answer a request gets."""

from __future__ import annotations

import time

import pytest

from guidegraph.web import negotiate as n

PAGE = (n.HTML, n.TURTLE, n.JSON_LD)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "forms", "expected"),
    [
        (None, PAGE, n.HTML),
        ("", PAGE, n.HTML),
        ("*/*", PAGE, n.HTML),
        (BROWSER, PAGE, n.HTML),
        (BROWSER, (n.TURTLE, n.JSON_LD, n.HTML), n.HTML),
        ("text/turtle", PAGE, n.TURTLE),
        ("TEXT/Turtle", PAGE, n.TURTLE),
        ("text/turtle;charset=UTF-8", PAGE, n.TURTLE),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', PAGE, n.JSON_LD),
        ("text/*", PAGE, n.HTML),
        # The weight decides, not the order.
        ("text/html;q=0.5, text/turtle;q=0.9", PAGE, n.TURTLE),
        ("text/html;q=0.5,text/turtle;q=0.501", PAGE, n.TURTLE),
        ("text/html ; q=0.2 , application/ld+json ; q=0.7", PAGE, n.JSON_LD),
        # The closest range gives the weight, wherever it stands.
        ("*/*, text/html;q=0.1", PAGE, n.TURTLE),
        ("text/*;q=0.9, text/html;q=0.1, application/ld+json;q=0.5", PAGE, n.TURTLE),
        ("text/html;q=0, */*", PAGE, n.TURTLE),
        ("text/*;q=0, */*;q=0.1", PAGE, n.JSON_LD),
        # Alike in weight: the closer name, then what is offered first.
        ("*/*, application/ld+json", PAGE, n.JSON_LD),
        ("text/turtle, text/html", PAGE, n.HTML),
        # What there is not.
        ("image/png", PAGE, None),
        ("text/html;q=0", PAGE, None),
        ("text/html;q=0, image/*", PAGE, None),
        ("text/html;level=1", PAGE, None),
        ("text/html;level=1;q=0.9, text/turtle;q=0.3", PAGE, n.TURTLE),
        ("text/turtle;charset=latin-1", PAGE, None),
        # What is no range, or no weight, wants nothing.
        ("text", PAGE, None),
        ("nonsense, text/turtle", PAGE, n.TURTLE),
        ("*/html", PAGE, None),
        ("text/html;q=2, text/turtle;q=0.1", PAGE, n.TURTLE),
        ("text/html;q=x, text/turtle;q=0.1", PAGE, n.TURTLE),
        ('text/html;x=",text/turtle,", application/ld+json', PAGE, n.JSON_LD),
        (",,,text/turtle,,", PAGE, n.TURTLE),
        # Other names of forms.
        ("application/json", n.GRAPHS, n.JSON_LD),
        ("application/xml", n.GRAPHS, n.RDF_XML),
        ("application/json", n.ROWS, n.RESULTS_JSON),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.6", n.ROWS, n.RESULTS_XML),
        ("application/sparql-results+json;q=0, application/json", n.ROWS, None),
        ("application/sparql-results+json, text/turtle", n.GRAPHS, n.TURTLE),
    ],
)
def test_a_request_gets_the_form_that_it_likes_best(
    header: str | None, forms: tuple[n.Form, ...], expected: n.Form | None
) -> None:
    assert n.preferred(header, forms) is expected


@pytest.mark.parametrize("piece", ['"', "text/html;", 'a/b;c="', ",", ";q=", "\\", '"\\', "*/*;q=0.5,"])
def test_no_header_takes_long_to_read(piece: str) -> None:
    # By the time that this process worked, which others that work beside it do not lengthen.
    started = time.process_time()
    n.preferred(piece * 20_000, PAGE)
    assert time.process_time() - started < 2
