"""The pages of what is known, in a browser: read by everybody, filtered, sorted, linked."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import guidegraph as gg
from guidegraph.web.search import found
from guidegraph.web.served import STATIC
from tests.support.browser import OpenPage, sideways, violations

ARTICLE = "/page/document/droracle-sciatica-2025"
#: Each kind of page and state, chosen to be short.
PAGES = (
    "/disagreements?intervention=acupuncture", "/matrix?since=2016-01-01&category=procedure", "/documents?kind=article",
    "/page/document/bmj-2025", "/page/statement/bmj-2025/BMJ-R1", "/page/term/Acupuncture", "/page/population/Asipp2021Herniation",
    "/provenance", "/provenance?of=bmj-2025/BMJ-R1", "/audit?severity=error", "/search?q=transforaminal", "/search?q=ATC:M01AA", "/search",
)  # fmt: skip
#: The same whole.
WHOLE = ("/disagreements", "/matrix", "/documents", ARTICLE, "/audit", "/page/ontology", "/page/term/NSAID")
#: Addresses with something in them that nobody understands.
REFUSED = ("/disagreements?intervention=xyz&as-of=foo", "/matrix?from=20x6&sort=nothing", "/provenance?of=zzz", "/audit?document=nope")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_nothing_keeps_anyone_from_reading_it(leaf_to: OpenPage, path: str, width: int, dark: bool) -> None:
    page = leaf_to(path, width=width, dark=dark)
    assert page.get_by_role("heading", level=1).is_visible()
    for details in page.locator("details").all()[:3]:
        details.evaluate("one => { one.open = true }")
    assert violations(page) == []
    assert sideways(page) == 0


@pytest.mark.slow
def test_at_twice_the_size_nobody_scrolls_sideways(open_page: OpenPage) -> None:
    page = open_page("/matrix", width=640)
    for path in PAGES:
        page.goto("/".join(page.url.split("/")[:3]) + path)
        assert sideways(page) == 0, path


@pytest.mark.slow
@pytest.mark.parametrize("path", WHOLE)
def test_nothing_keeps_anyone_from_reading_the_whole(leaf_to: OpenPage, path: str) -> None:
    page = leaf_to(path, width=360, dark=True)
    assert sideways(page) == 0
    assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", REFUSED)
def test_what_was_not_understood_stays_and_is_told_where_it_was_typed(open_page: OpenPage, path: str) -> None:
    page = open_page(path, refused=(422,), script=False)
    typed = [values[0] for values in parse_qs(urlsplit(path).query).values()]
    told = page.locator("[aria-invalid=true]")
    assert told.count() >= 1
    for field in told.all():
        assert field.input_value() in (*typed, "")
        assert page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text().strip()


@pytest.mark.slow
def test_without_script_every_page_works(open_page: OpenPage) -> None:
    page = open_page("/disagreements", script=False)
    page.get_by_label("Therapy", exact=True).fill("NSAID")
    page.get_by_role("button", name="Show").click()
    assert "intervention=NSAID" in page.url
    titles = page.locator(".controversy .title").all_inner_texts()
    assert titles and all("anti-inflammatory" in title.lower() for title in titles)


@pytest.mark.slow
def test_a_controversy_is_drawn_and_leads_to_its_statements(open_page: OpenPage) -> None:
    page = open_page("/disagreements")
    first = page.locator(".controversy").first
    row = first.locator(".picture li", has_text="BMJ 2025")
    assert "from 13" in row.locator(".whom").inner_text()
    bar = row.locator("rect.drawn.against")
    ground = row.locator("rect.ground").bounding_box()
    place = bar.bounding_box()
    # From week 13 on an axis to 18.2 weeks, to its end.
    assert abs((place["x"] - ground["x"]) / ground["width"] - 13 / 18.2) < 0.02
    assert abs(place["x"] + place["width"] - ground["x"] - ground["width"]) < 3
    fill = bar.evaluate("one => getComputedStyle(one).fill")
    assert "hatch-against" in fill
    assert "hatch-for" in first.locator("rect.drawn.for").first.evaluate("one => getComputedStyle(one).fill")
    row.get_by_role("link").click()
    assert page.url.endswith("/page/statement/bmj-2025/BMJ-R1")
    page.locator("section", has=page.locator("#disagree")).get_by_role("link").click()
    assert "/disagreements#c-epidural" in page.url


@pytest.mark.slow
def test_pairs_below_each_with_its_verdict(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/disagreements?verdict=horizon")
    pairs = page.locator("details.pair")
    expected = kb.disagreements(verdicts=("horizon",))["disagreements"]
    assert pairs.count() == len(expected) > 0
    assert set(pairs.locator(".chip").all_inner_texts()) == {"horizon"}


@pytest.mark.slow
def test_the_matrix_is_filtered_sorted_and_opened(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/matrix")
    whole = page.locator(".matrix tbody tr:not(.section)").count()
    assert whole == len([r for r in kb.matrix()["interventions"] if any(c["says"] for c in r["cells"])])
    page.get_by_label("Strength").select_option("strong")
    page.get_by_label("In effect only").check()
    page.get_by_label("Issued from").fill("2016")
    page.get_by_role("button", name="Show").click()
    query = parse_qs(urlsplit(page.url).query)
    assert query["strength"] == ["strong"] and query["from"] == ["2016"]
    assert page.get_by_label("Strength").input_value() == "strong"
    cells = page.locator(".matrix .cell")
    told = {re.sub(r".*?: ", "", text, count=1) for text in cells.locator(".hidden").all_inner_texts()}
    assert told <= {"for, strong", "against, strong"} and told
    heads = page.locator(".matrix thead .up").all_inner_texts()
    assert heads and all(int(re.findall(r"\d{4}", head)[-1]) >= 2016 for head in heads)
    page.get_by_role("link", name="Intervention", exact=True).click()
    names = page.locator(".matrix tbody th[scope=row]").all_inner_texts()
    assert names == sorted(names, key=str.lower) and parse_qs(urlsplit(page.url).query)["strength"] == ["strong"]
    mark = page.locator(".matrix .cell").first
    target = mark.get_attribute("href")
    mark.click()
    assert page.url.endswith(target) and "/page/statement/" in page.url


@pytest.mark.slow
def test_what_has_ended_is_struck_or_left_out(open_page: OpenPage) -> None:
    """Statements too that have ended in a document that has not."""
    page = open_page("/matrix")
    struck = page.locator(".matrix .cell", has=page.locator(".ended"))
    whole = page.locator(".matrix .cell").count()
    ended = struck.count()
    assert ended > 10
    assert all(text.endswith(", ended") for text in struck.locator(".hidden").all_inner_texts())
    page.goto(page.url + "?in-effect=yes")
    assert struck.count() == 0
    assert 0 < page.locator(".matrix .cell").count() <= whole - ended
    assert page.locator(".matrix .up.ended").count() == 0


@pytest.mark.slow
def test_a_family_and_documents_of_the_matrix(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/matrix?family=ggt:EpiduralInjection&at-least=1&document=ggd:bmj-2025&document=ggd:nice-ng59")
    rows = page.locator(".matrix tbody th[scope=row] a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    above = kb.vocabulary.ancestors
    assert rows
    assert all(kb.resolve("ggt:EpiduralInjection") in above("https://w3id.org/guidegraph/term/" + r.split("/")[-1]) for r in rows)  # fmt: skip
    assert set(page.locator(".matrix thead .up").all_inner_texts()) <= {"BMJ 2025", "NICE NG59 2016"}


@pytest.mark.slow
def test_the_day_shows_what_changed(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    """What is new between two days is what the matrix of the later has and that of the earlier has not."""
    first, last = date(2016, 11, 1), date(2017, 3, 1)
    page = open_page(f"/matrix?since={first}&as-of={last}&at-least=1")
    then, now = (
        {s["id"]: s["ended"] for r in kb.matrix(as_of=d, at_least=1)["interventions"] for c in r["cells"] for s in c["says"]}
        for d in (first, last)
    )  # fmt: skip
    changed = {s for s in now if s not in then or (now[s] and not then[s])}
    shown = page.locator(".cell.changed").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert {href.removeprefix("/page/") for href in shown} == changed and changed
    assert "NICE NG59 2016, new:" in page.locator("section", has=page.locator("#changed")).inner_text()


@pytest.mark.slow
def test_documents_are_chosen_and_the_article_has_its_reviewer_table(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/documents")
    page.get_by_label("Kind").select_option("article")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=re.compile("Dr.Oracle article")).click()
    rows = page.locator("table.claims tbody tr")
    held = kb.audit(document="ggd:droracle-sciatica-2025").data["corroboration"]
    assert rows.count() == len(held["items"])
    assert rows.locator(".verdict").all_inner_texts() == [row["verdict"] for row in held["items"]]


@pytest.mark.slow
def test_a_document_tells_its_statements_in_order(open_page: OpenPage) -> None:
    page = open_page(ARTICLE)
    places = page.locator("table.wide:not(.claims) td[data-is=Place]").all_inner_texts()
    starts = [int(found[1]) for place in places if (found := re.search(r"characters (\d+)-", place))]
    assert len(starts) > 50 and starts == sorted(starts)
    page = open_page("/page/document/nice-ng59")
    numbers = [p for p in page.locator("td[data-is=Place]").all_inner_texts() if re.fullmatch(r"[\d.]+", p)]
    assert numbers == sorted(numbers, key=lambda text: [int(n) for n in text.split(".")]) and len(numbers) > 2


@pytest.mark.slow
def test_provenance_as_a_picture_and_a_list(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/page/statement/bmj-2025/BMJ-R1")
    page.get_by_role("link", name="Where it comes from").click()
    page.locator(".chain img").wait_for()
    page.wait_for_function("() => document.querySelector('.chain img').complete")
    assert page.locator(".chain img").evaluate("one => one.naturalWidth > 300")
    chain = kb.trace("bmj-2025/BMJ-R1")
    assert page.locator(".tree li").count() == len(list(chain.root.walk()))
    assert page.locator(".tree .break").count() == len(chain.data["breaks"]) > 0


@pytest.mark.slow
def test_the_audit_by_severity_and_kind(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/audit")
    data = kb.audit().data
    assert page.locator(".findings > li").count() == len(data["findings"])
    page.get_by_role("link", name=re.compile("error")).first.click()
    assert page.locator(".findings > li").count() == data["summary"]["counts"]["error"]
    page.locator("details.kind summary").first.click()
    assert page.get_by_text("To mend:").first.is_visible()


@pytest.mark.parametrize(
    ("sought", "group", "first"),
    [
        ("NSAID", "Terms", "nonsteroidal anti-inflammatory drug"),
        ("painkiller anti-inflam", "Terms", "nonsteroidal anti-inflammatory drug"),
        ("ggt:Sciatica", "Terms", "sciatica"),
        ("NICE NG59 2016", "Documents", "NICE NG59: low back pain and sciatica in over 16s"),
        ("10.1136/bmj-2024-079970", "Documents", "BMJ 2025 guideline on interventional procedures for chronic spine pain"),
        ("BMJ-R1", "Statements", "Epidural injection of local anesthetic, steroid, or both, not for adults"),
        ("all documents", "Queries", "All documents"),
    ],
)  # fmt: skip
def test_search_finds_it_first(kb: gg.KnowledgeBase, sought: str, group: str, first: str) -> None:
    assert found(kb, sought)[group][0].label.startswith(first)


@pytest.mark.slow
def test_search_by_code_and_for_what_is_not_there(open_page: OpenPage, kb: gg.KnowledgeBase) -> None:
    page = open_page("/")
    page.get_by_role("searchbox").fill("ATC:M01AE01")
    page.get_by_role("button", name="Search").click()
    assert page.get_by_text("is read as").is_visible() and page.get_by_role("link", name="ibuprofen").first.is_visible()
    assert page.get_by_role("searchbox").input_value() == "ATC:M01AE01"
    assert open_page("/search?q=zzzzqq").get_by_text("Nothing is called so").is_visible()
    assert found(kb, "") == {} and found(kb, "zzzzqq") == {}


@pytest.mark.slow
def test_sparql_is_asked_in_the_editor_and_the_link_holds_the_query(open_page: OpenPage) -> None:
    page = open_page("/sparql/editor")
    page.locator("#editor[data-ready]").wait_for()
    page.get_by_label("Example").select_option("examples/publishers")
    page.get_by_role("button", name="Load", exact=True).click()
    page.locator(".yasqe_queryButton").click()
    page.locator(".yasr .dataTable tbody tr").first.wait_for()
    assert re.search(r"\d+ results", page.locator(".yasr").inner_text())
    asked = parse_qs(urlsplit(page.url).fragment)["query"][0]
    assert "Who publishes which document" in asked
    assert violations(page) == []
    assert sideways(page) == 0
    assert page.evaluate("() => Object.keys(localStorage).length") == 0
    again = open_page("/sparql/editor#query=ASK%20%7B%7D")
    again.locator("#editor[data-ready]").wait_for()
    assert again.locator(".CodeMirror").evaluate("one => one.CodeMirror.getValue()") == "ASK {}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("PREFIX gg: <https://w3id.org/guidegraph/vocab/> SELECT (COUNT(?d) AS ?n) WHERE { ?d a gg:Document }", "1 result"),
        ("PREFIX gg: <https://w3id.org/guidegraph/vocab/> ASK { ?d a gg:Document }", "True"),
        ("PREFIX ggd: <https://w3id.org/guidegraph/document/> DESCRIBE ggd:bmj-2025", "BMJ 2025"),
        ("PREFIX ggd: <https://w3id.org/guidegraph/document/> CONSTRUCT { ggd:bmj-2025 ?p ?o } WHERE { ggd:bmj-2025 ?p ?o }", "BMJ 2025"),
    ],
)  # fmt: skip
def test_sparql_of_each_form_is_asked_in_the_editor(open_page: OpenPage, query: str, told: str) -> None:
    page = open_page(f"/sparql/editor#{urlencode({'query': query})}")
    page.locator("#editor[data-ready]").wait_for()
    page.locator(".yasqe_queryButton").click()
    page.locator(".yasr_results").get_by_text(told).or_(page.locator(".yasr").get_by_text(told)).first.wait_for()
    assert violations(page) == []


@pytest.mark.slow
def test_a_query_that_cannot_be_read_is_told_in_the_editor(open_page: OpenPage) -> None:
    query = "SELECT ?a WHERE { ?a <urn:p> ?b } GROUP BY ?b"
    page = open_page(f"/sparql/editor#{urlencode({'query': query})}", refused=(400,))
    page.locator("#editor[data-ready]").wait_for()
    page.locator(".yasqe_queryButton").click()
    page.locator(".errorResult").wait_for()
    assert "the query cannot be parsed" in page.locator(".errorResult").inner_text()
    assert violations(page) == []


@pytest.mark.slow
def test_sparql_without_script_is_a_form(open_page: OpenPage) -> None:
    page = open_page("/sparql/editor?example=examples/publishers", script=False)
    assert "SELECT" in page.get_by_role("textbox", name="Query").input_value()
    assert "<b>" in open_page("/sparql/editor?query=%3C/textarea%3E%3Cb%3E", script=False).get_by_role("textbox", name="Query").input_value()  # fmt: skip


def test_the_editor_is_loaded_on_its_page_alone(site: str, kb: gg.KnowledgeBase) -> None:
    """Script and style of the other pages stay under 150 kB together."""
    httpx = pytest.importorskip("httpx")
    with httpx.Client(base_url=site) as client:
        policy = client.get("/matrix").headers["content-security-policy"]
        own = client.get("/sparql/editor").headers["content-security-policy"]
        for path in PAGES:
            text = client.get(path).text
            assert "yasgui" not in text, path
            assert "style=" not in text and "<style" not in text and not re.search(r"<[^>]* on[a-z]+=", text), path
    # One style by its digest, no more.
    assert "unsafe" not in own
    assert re.sub(r" 'sha256-[^']+'", "", own) == policy
    files: list[Path] = [
        path for path in STATIC.rglob("*") if path.suffix in (".js", ".css") and "yasgui" not in path.parts
    ]
    assert sum(path.stat().st_size for path in files) < 150_000


@pytest.mark.slow
def test_keys_alone_reach_a_cell(open_page: OpenPage) -> None:
    page = open_page("/matrix?family=ggt:EpiduralInjection&at-least=1")
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.classList.contains('cell')"):
            break
    assert page.evaluate("() => document.activeElement.classList.contains('cell')")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/statement/**")
    assert page.get_by_role("heading", level=1).is_visible()
