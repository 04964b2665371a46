"""The first page: a patient, the answer at a glance, questions asked in place, the weeks, a plan.

Facts of a patient come in the body of a POST and go out in its answer: the page holds them, this side keeps nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph.api import Answer, KnowledgeBase
from guidegraph.days import written_day
from guidegraph.derived import Glance
from guidegraph.domains import title
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.intake.report import IntakeReport
from guidegraph.model import STATUSES, Profile
from guidegraph.profile import parse_profile_text
from guidegraph.render.plain import LOUD, plain_parts
from guidegraph.web import glanceview
from guidegraph.web.further import planned, proofs, weeks_of
from guidegraph.web.glanceview import Stand
from guidegraph.web.layout import page
from guidegraph.web.links import page_of
from guidegraph.web.questions import completions, questions
from guidegraph.web.record import Fields, changed, from_text
from guidegraph.web.recordform import record_form
from guidegraph.web.served import Served, served_of
from guidegraph.words import how, other_entry_words, place, read_words

#: A patient of whom nothing is known, by the name that links use.
_NOBODY = "nobody"
#: Fields of a form that are read.
_MOST = 4000
#: What is chosen of an answer, which a link may hold, with all that each may be: nothing else that was typed gets into
#: an address. The week of the slider stays out: it begins as the patient's own.
_VIEW = {
    "as-of": re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]"),
    "jurisdiction": re.compile(r"[A-Z]{2}"),
    "standing": re.compile("guideline"),
    "only": re.compile("approved"),
    "reader": re.compile("plain"),
}


def routes(served: Served) -> list[BaseRoute]:
    """The page of a patient, and the terms that its fields complete."""
    return [
        Route("/", first, methods=["GET"]),
        Route("/", asked, methods=["POST"]),
        Route("/patient/terms", terms, methods=["POST"]),
    ]


def ready(served: Served) -> None:
    """Make an answer and read the templates before anybody asks, so that the first page does not wait for these."""
    answer = served.kb.therapies(_example(served.kb, "").profile)
    _ = answer.whole, answer.glance()
    for name in served.templates.list_templates(filter_func=lambda name: name.startswith(("base", "patient"))):
        served.templates.get_template(name)


def first(request: Request) -> Response:
    """The page as a link restores it: an example, or a patient of whom nothing is known."""
    return _page(request, _fields(request.url.query), False)


async def asked(request: Request) -> Response:
    """The page after a form was sent: changed facts, an answered question, something opened."""
    body = (await request.body()).decode("utf-8", "replace")
    return await run_in_threadpool(_page, request, _fields(body), True)


async def terms(request: Request) -> Response:
    """Terms that a text begins or holds, for a field that completes; what was typed stays in the body."""
    asked = _fields((await request.body()).decode("utf-8", "replace"))
    return await run_in_threadpool(_terms, served_of(request).kb, asked)


def _fields(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        raise HTTPException(400, f"A form of more than {_MOST} fields is not read.") from None


def _terms(kb: KnowledgeBase, asked: Fields) -> Response:
    found = completions(kb.vocabulary, _one(asked, "text"), asked.get("kind", ()))
    return JSONResponse(found)


def _one(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "")


@dataclass
class Patient:
    """The record that a page shows, how it came about, and what is wrong with what was filled in."""

    profile: Profile
    before: Profile | None = None
    example: str = ""
    report: IntakeReport | None = None
    faults: dict[str, str] = field(default_factory=dict)
    edited: bool = False


def _page(request: Request, fields: Fields, posted: bool) -> Response:
    kb = served_of(request).kb
    # The switch says for whom it is told from now on; whatever else is sent leaves that as it was.
    fields = {**fields, "reader": fields["tell"]} if "tell" in fields else fields
    patient = _patient(kb, fields, posted)
    asking = _asking(kb, patient, fields)
    try:
        answer = kb.therapies(patient.profile, **asking)
    except GuideGraphError as error:
        # What is asked about the patient cannot be understood: the page answers as if it had not been asked.
        patient.faults[_blamed(error)] = str(error)
        asking = {"problem": asking["problem"]}
        answer = kb.therapies(patient.profile, **asking)
    glance = answer.glance()
    before = _before(kb, patient, asking)
    return page(
        request,
        "patient.html",
        status=422 if patient.faults else 200,
        **_shown(kb, patient, fields, asking, answer, glance, before),
    )


def _patient(kb: KnowledgeBase, fields: Fields, posted: bool) -> Patient:
    """The record of a request: the one that the page sent, with what was filled in; else an example."""
    action, example = _one(fields, "action"), _one(fields, "example")
    if not posted or action in ("example", "clear"):
        return _example(kb, {"example": _one(fields, "choose"), "clear": _NOBODY}.get(action, example))
    record, earlier = _one(fields, "record"), _one(fields, "before")
    try:
        patient = Patient(_read(kb, earlier if action == "undo" and earlier else record), example=example)
    except GuideGraphError as error:
        return Patient(Profile(), faults={"text": str(error)}, example=_NOBODY)
    if action == "undo":
        patient.example = ""
        return patient
    if action == "read":
        try:
            read, patient.report = from_text(kb, _one(fields, "text"))
        except GuideGraphError as error:
            patient.faults["text"] = str(error)
            return patient
        return Patient(read, example="", report=patient.report)
    before = patient.profile
    result = changed(kb, before, fields, _place(fields, "shown-problem"))
    if result.edits:
        patient = Patient(result.profile, before=before, edited=True)
    patient.faults = result.faults
    if (text := _one(fields, "text").strip()) and text.split() != to_yaml(before, kb.vocabulary).split():
        patient.faults["text"] = "This text was changed and not read. Read it, or empty it to leave it."
    return patient


def _read(kb: KnowledgeBase, record: str) -> Profile:
    return parse_profile_text(record, "json", kb.vocabulary, where="the record of the page") if record else Profile()


def _example(kb: KnowledgeBase, name: str) -> Patient:
    known = kb.knowledge.examples
    if name == _NOBODY or not known:
        return Patient(Profile(), example=_NOBODY)
    if name and name not in known:
        # Another patient in the place of one whom a link names would be answered for.
        told = f"There is no example patient {name[:40]!r}. There are {', '.join(sorted(known))}."
        return Patient(Profile(), faults={"text": told}, example=_NOBODY)
    name = name or min(known)
    text = known[name].read_text(encoding="utf-8")
    return Patient(parse_profile_text(text, "yaml", kb.vocabulary, where=name), example=name)


def _asking(kb: KnowledgeBase, patient: Patient, fields: Fields) -> dict[str, Any]:
    """What is asked about the patient, from what was filled in or the link says."""
    problems = [min(problem.of) for problem in patient.profile.problems]
    asking: dict[str, Any] = {
        "problem": problems[min(_place(fields, "problem"), len(problems) - 1)] if problems else None
    }
    if as_of := _one(fields, "as-of"):
        try:
            asking["as_of"] = written_day(as_of)
        except ValueError:
            patient.faults["as-of"] = "Not a day. Write it as 2026-11-24."
    return asking | {key: value for key in ("jurisdiction", "standing", "only") if (value := _one(fields, key))}


def _place(fields: Fields, name: str) -> int:
    text = _one(fields, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _blamed(error: GuideGraphError) -> str:
    """The field that an error is about."""
    told = f"{error.where}{error.what}"
    return "jurisdiction" if isinstance(error, UsageError) and "jurisdiction" in told else "form"


def _before(kb: KnowledgeBase, patient: Patient, asking: dict[str, Any]) -> dict[str, Stand] | None:
    """Where therapies stood before the last change, where there was one that can be compared."""
    if patient.before is None:
        return None
    try:
        answer = kb.therapies(patient.before, **asking)
        return glanceview.stands(answer.glance(), answer.statuses)
    except GuideGraphError:
        return None


def _shown(
    kb: KnowledgeBase,
    patient: Patient,
    fields: Fields,
    asking: dict[str, Any],
    answer: Answer,
    glance: Glance,
    before: dict[str, Stand] | None,
) -> dict[str, Any]:
    data, now = answer.whole, glanceview.stands(glance, answer.statuses)
    known = {entry["intervention"] for entry in data["therapies"]}
    proven = _toggled(fields, "proof", known)
    opened, show = _toggled(fields, "open", known), _toggled(fields, "show", {"weeks", "rest"})
    ticked = (
        []
        if _one(fields, "action") == "unplan"
        else [one for one in dict.fromkeys(fields.get("plan", ())) if one in known]
    )
    at = _place(fields, "problem")
    plain = answer.glance("plain") if _one(fields, "reader") == "plain" else None
    view = {name: value for name, form in _VIEW.items() if form.fullmatch(value := _one(fields, name))}
    link = {"example": patient.example or _NOBODY, **view, "open": opened, "show": show, "proof": proven}
    return {
        "data": data,
        "glance": glance,
        "plain": plain,
        "plain_parts": plain_parts(plain) if plain else (),
        "loud": LOUD,
        "bands": glanceview.bands(glance, data, opened, before or {}),
        "moves": glanceview.moves(before, now) if before else None,
        "edited": patient.edited,
        "record": to_json(patient.profile, kb.vocabulary),
        "before": to_json(patient.before, kb.vocabulary) if patient.before else "",
        "text": _one(fields, "text") if "text" in patient.faults else to_yaml(patient.profile, kb.vocabulary),
        "form": record_form(patient.profile, kb.vocabulary, at, fields if patient.faults else {}),
        "typed": fields if patient.faults else {},
        "faults": patient.faults,
        "report": patient.report.to_dict() if patient.report else None,
        "example": patient.example,
        "examples": _examples(tuple(kb.knowledge.examples.values())),
        "link": f"/?{urlencode(link, doseq=True)}",
        "view": {name: _one(fields, name) for name in _VIEW},
        "opened": opened,
        "proven": proven,
        "show": show,
        "place": at,
        "asking": asking,
        "emergency": glanceview.emergency(glance),
        "questions": questions(data),
        "rest": _rest(glance, data, "rest" in show),
        "weeks": weeks_of(kb, patient.profile, asking, _one(fields, "week")) if "weeks" in show else None,
        "proofs": proofs(kb, patient.profile, [one for one in proven if one in opened], asking),
        "plan": planned(kb, patient.profile, ticked, asking) if ticked else None,
        "ticked": ticked,
        "statuses": STATUSES,
        "voices": glanceview.voices,
        "path": page_of,
        "stated": how,
        "placed": place,
        "read_words": read_words,
        "other_entry_words": other_entry_words,
    }


def _toggled(fields: Fields, name: str, known: set[str]) -> list[str]:
    """What is open: what was, with what was clicked the other way round. Nothing else of a request comes into it."""
    opened = [one for one in dict.fromkeys(fields.get(name, ())) if one in known]
    clicked = _one(fields, f"toggle-{name}")
    if clicked in opened:
        opened.remove(clicked)
    elif clicked in known:
        opened.append(clicked)
    return opened


@cache
def _examples(files: tuple[Path, ...]) -> tuple[tuple[str, str], ...]:
    """The names of the examples, and what they are."""
    return tuple((file.stem, title(file) or file.stem) for file in files)


def _rest(glance: Glance, data: Any, shown: bool) -> list[tuple[str, list[dict[str, str]]]]:
    """The therapies that stand in no band, by status; none unless asked for."""
    placed = {therapy for band in glance["bands"] for family in band["families"] for therapy in family["therapies"]}
    rows = [entry for entry in data["therapies"] if entry["intervention"] not in placed] if shown else []
    return [(code, of) for code in STATUSES if (of := [entry for entry in rows if entry["status"] == code])]
