"""What the page of a patient answers to whatever is sent to it, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest

import guidegraph as gg
from guidegraph.domains import first

pytest.importorskip("starlette")

from starlette.testclient import TestClient

from guidegraph.web.app import application
from guidegraph.web.served import Served

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def client(kb: gg.KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(application(Served(kb)), base_url="http://127.0.0.1") as client:
        yield client


def sent(client: TestClient, **fields: Any) -> Any:
    """The answer to a form; names with a hyphen are written with an underscore."""
    pairs = {name.replace("__", ":").replace("_", "-"): value for name, value in fields.items()}
    return client.post("/", content=urlencode(pairs, doseq=True), headers=FORM)


ODD = [
    {},
    {"record": "{"},
    {"record": "[]"},
    {"record": '{"age": 40}', "before": "{", "action": "undo"},
    {"record": '{"nothing": 1}'},
    {
        "record": "{}",
        "answer": ["", "|", "yes", "yes|", "yes|conditions", "no|trials|trials", "yes|trials|a:b:c:d:e:f"],
    },
    {"record": "{}", "answer": "yes|sex|ggt:Sciatica"},
    {"record": "{}", "answer": "perhaps|conditions|ggt:Sciatica"},
    {"record": "{}", "answer": "yes|__proto__|ggt:Sciatica"},
    {"record": "{}", "attend": ["", "x|y", "examined|nothing", "examined"]},
    {"record": "{}", "drop": ["", "/", "a/b/c", "trials/present/99", "label/0", "id/-/0", "trials/present/-1"]},
    {"record": '{"label": "x"}', "drop": ["label/x/0", "id/x/0"]},
    {"record": "{}", "fact:": "yes", "fact:conditions:": "yes", "fact:age:3": "yes", "fact:trials:x": "no"},
    {"record": "{}", "number:": "3", "number:none": "3", "choice:": "x", "choice:age": "x", "choice:problems": "x"},
    {"record": "{}", "complete-shown": "1", "complete": ["conditions", "age", "nothing"]},
    {"record": "{}", "problem": ["999", "-1", "x"], "shown-problem": "77"},
    {"record": "{}", "as-of": "9999-99-99"},
    {"record": "{}", "as-of": "0001-01-01"},
    {"record": "{}", "as-of": "9999-12-31"},
    {"record": "{}", "jurisdiction": "nowhere"},
    {"record": "{}", "standing": "x", "only": "y"},
    {
        "record": "{}",
        "plan": ["nothing", "ggt:Ibuprofen"],
        "open": ["x", "ggt:Ibuprofen"],
        "show": ["x", "rest", "weeks"],
    },
    {"record": "{}", "show": "weeks", "week": "nan"},
    {"record": "{}", "show": "weeks", "week": "-1e400"},
    {"record": "{}", "action": "read", "text": ""},
    {"record": "{}", "action": "read", "text": "\x00"},
    {"record": "{}", "action": "read", "text": '{"resourceType": "Bundle", "entry": 3}'},
    {"record": "{}", "action": "read", "text": "[" * 10_000},
    {"record": "{}", "action": "read", "text": "age: 1\nage: 2"},
    {"record": "{}", "action": "example", "choose": "../../etc/passwd"},
    {"record": "{}", "action": "x" * 1000, "example": "x" * 1000},
    {"record": "{}", "add-state": "x" * 10_000},
    {"record": "{}", "add-trial": "ibuprofen", "add-trial-outcome": "x", "add-trial-weeks": "9" * 50},
]


@pytest.mark.parametrize("fields", ODD, ids=range(len(ODD)))
def test_whatever_is_sent_gets_a_page(client: TestClient, fields: dict[str, Any]) -> None:
    answer = client.post("/", content=urlencode(fields, doseq=True, errors="replace"), headers=FORM)
    assert answer.status_code in (200, 422), answer.text[:300]
    assert 'id="content"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    held = re.search(r'name="record" value="([^"]*)"', answer.text)
    assert held and isinstance(json.loads(unescape(held[1])), dict), "the record can be sent again"


@pytest.mark.parametrize("query", ["a=b", "example=%00", "open=x&show=x", "week=x&show=weeks", "as-of=x", "problem=7"])
def test_whatever_a_link_holds_gets_a_page(client: TestClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code in (200, 422)


def test_a_link_to_an_example_that_is_not_there_shows_nobody_else(client: TestClient) -> None:
    page = client.get("/?example=long-gone")
    assert page.status_code == 422 and "no example patient &#39;long-gone&#39;" in page.text
    held = re.search(r'name="record" value="([^"]*)"', page.text)
    assert held and not {"age", "conditions"} & set(json.loads(unescape(held[1])))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/matrix?document=zz", "no document fits"),
        ("/matrix?from=2020&to=2010", "No year is both from 2020 on and up to 2010."),
        ("/matrix?category=drug&category=physical", "It is given more than once. Give it once."),
        ("/disagreements?intervention=ibuprofen&intervention=naproxen", "It is given more than once. Give it once."),
        ("/matrix?as-of=20260101", "is no day; write it as 2026-01-31."),
    ],
)
def test_a_filter_that_cannot_count_is_told(client: TestClient, address: str, told: str) -> None:
    page = client.get(address)
    assert page.status_code == 422 and told in page.text


def test_the_matrix_of_some_documents(client: TestClient) -> None:
    page = client.get("/matrix?document=ggd:bmj-2025&document=ggd:nice-ng59&at-least=1")
    assert page.status_code == 200 and page.text.count('value="ggd:bmj-2025" checked') == 1


def test_other_bodies_are_no_form(client: TestClient) -> None:
    for body, kind in ((b"\xff\xfe", "application/octet-stream"), (b'{"record": "{}"}', "application/json"), (b"", "")):
        assert client.post("/", content=body, headers={"Content-Type": kind}).status_code in (200, 422)
    assert client.post("/", content="a=b&" * 5000, headers=FORM).status_code == 400


def test_what_is_pasted_is_text_and_never_markup(client: TestClient) -> None:
    text = 'label: "<script>alert(1)</script><img src=x onerror=alert(1)>\'\\""\nage: 40\nmedications: [ibuprofen]\n'
    for page in (
        sent(client, record="{}", action="read", text=text),
        sent(client, record="{}", action="read", text=f"x: {text}"),
    ):
        assert "<img" not in page.text and "<script>" not in page.text and "alert(1)" in page.text


def test_a_link_from_a_page_holds_no_fact(client: TestClient) -> None:
    answer = sent(client, record='{"age": 71, "label": "canary"}', week="33", jurisdiction="canary", as_of="canary")
    link = re.search(r'href="([^"]*)" id="link"', answer.text)
    assert link and link[1] == "/?example=nobody"


def test_an_example_that_was_changed_is_an_example_no_more(client: TestClient) -> None:
    answer = sent(client, record='{"age": 71}', example="age-only", number__age="70")
    assert "/?example=nobody" in answer.text


def test_the_day_and_the_voices_are_chosen(client: TestClient) -> None:
    then = client.get("/?example=acute-uncomplicated&as-of=2018-01-01&standing=guideline")
    assert "as of 2018-01-01" in then.text and "unreviewed" not in re.sub(r"<details.*", "", then.text, flags=re.S)
    assert "/?example=acute-uncomplicated&amp;as-of=2018-01-01&amp;standing=guideline" in then.text
    wrong = client.get("/?example=acute-uncomplicated&jurisdiction=XX")
    assert wrong.status_code == 422 and 'id="fault-jurisdiction"' in wrong.text


def test_completing_answers_with_terms(client: TestClient) -> None:
    body = urlencode({"text": "ibup", "kind": "intervention"})
    found = client.post("/patient/terms", content=body, headers=FORM)
    assert found.json()[0]["value"] == "ibuprofen" and found.headers["cache-control"] == "no-store"
    assert client.get("/patient/terms?text=ibup").status_code == 405, "what is typed is in no address"


class _Form(HTMLParser):
    """The fields of a page's form as a browser without script sends them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._select = self._area = ""
        self._options: list[tuple[str | None, bool]] = []
        self._written: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value")
        self._inside |= tag == "form" and given.get("id") == "patient"
        if not self._inside:
            return
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.append((name, value or ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._options.append((value, "selected" in given))
        elif tag == "textarea":
            self._area, self._written = name, []

    def handle_data(self, data: str) -> None:
        if self._area:
            self._written.append(data)
        elif self._select and self._options and self._options[-1][0] is None:
            self._options[-1] = (data, self._options[-1][1])

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected] or [self._options[0][0]]
            self.fields.append((self._select, chosen[0] or ""))
            self._select = ""
        elif tag == "textarea" and self._area:
            self.fields.append((self._area, "".join(self._written)))
            self._area = ""


EXAMPLES = sorted(first().examples)
CODED = """
problems:
  - {of: "ICD10CM:M54.31", weeks: 9, severity: moderate, trials: {present: [{of: "ATC:M01AE01", weeks: 2}]}}
  - {of: low back pain, weeks: 100, pain_score: 3}
age: 50
sex: female
pregnant: false
conditions: {present: ["ICD10CM:I10", "ICD10CM:Q99.9"], absent: [cancer], complete: true}
findings: {absent: [suspected infection], unread_values: ["LOINC:1-8"]}
medications: {present: ["ATC:A10BA02", warfarin]}
stopped_medications: {present: [{of: MAO inhibitor, days: 10}], absent: [{of: gabapentin}]}
not_tolerated: [gabapentin]
alerts: {examined: [cauda equina syndrome]}
"""


@pytest.mark.parametrize("name", [*EXAMPLES, "nobody", "coded"])
def test_a_form_that_is_sent_as_it_came_changes_nothing(client: TestClient, name: str) -> None:
    if name == "coded":
        shown = sent(client, record="{}", action="read", text=CODED)
    else:
        shown = client.get(f"/?example={name}&show=weeks")
    assert shown.status_code == 200, shown.text[:200]
    fields = _Form(shown.text).fields
    again = client.post("/", content=urlencode([*fields, ("action", "update")]), headers=FORM)
    assert again.status_code == 200 and 'id="moved"' not in again.text
    assert dict(_Form(again.text).fields)["record"] == dict(fields)["record"]


@pytest.mark.parametrize("place", ["0", "1"])
def test_another_problem_is_chosen_without_any_change(client: TestClient, place: str) -> None:
    fields = dict(_Form(sent(client, record="{}", action="read", text=CODED).text).fields)
    other = client.post("/", content=urlencode(fields | {"problem": place}), headers=FORM)
    assert other.status_code == 200
    found = dict(_Form(other.text).fields)
    assert found["record"] == fields["record"] and found["problem"] == place
    weeks = ("100", "9")[int(place)]
    assert found["number:symptom_weeks"] == weeks
    assert f"for {weeks} weeks" in re.sub(r".*<h1[^>]*>(.*?)</h1>.*", r"\1", other.text, flags=re.S), (
        "and it is answered for"
    )


def test_a_text_that_was_changed_is_not_passed_over(client: TestClient) -> None:
    fields = dict(_Form(client.get("/?example=age-only").text).fields)
    again = client.post("/", content=urlencode(fields | {"text": "age: 12"}), headers=FORM)
    assert again.status_code == 422 and 'id="fault-text"' in again.text
    assert (
        dict(_Form(again.text).fields)["text"] == "age: 12"
        and dict(_Form(again.text).fields)["record"] == fields["record"]
    )
    emptied = client.post("/", content=urlencode(fields | {"text": ""}), headers=FORM)
    assert emptied.status_code == 200


@pytest.mark.slow
def test_every_link_of_an_answer_leads_somewhere(client: TestClient) -> None:
    page = client.get("/?example=chronic-failed-care&open=ggt:EpiduralSteroidInjection")
    # Links that differ in their anchor alone are of one page.
    links = sorted({unescape(link).partition("#")[0] for link in re.findall(r'href="(/[^"]+)"', page.text)})
    assert len(links) > 15
    assert [link for link in links if client.get(link).status_code != 200] == []
