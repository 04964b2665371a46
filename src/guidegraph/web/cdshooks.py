"""CDS Hooks 2.0: the services, their calls with prefetched FHIR data, and feedback on cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from guidegraph import namespaces as ns
from guidegraph.intake.fhir import FhirReader, Order
from guidegraph.knowledge.documents import documents
from guidegraph.profile.problems import parts
from guidegraph.render.cards import Answered, Card, Maker, contested
from guidegraph.render.ordercards import order_cards
from guidegraph.web import feedback
from guidegraph.web.problems import (
    MALFORMED,
    NOT_FOUND,
    PRECONDITION,
    RefusedError,
    answer,
    guarded,
    json_body,
    refused,
)
from guidegraph.web.served import Served

PLACE = "/cds-services"
_PATIENT, _SELECT, _SIGN = "patient-view", "order-select", "order-sign"
_OF_PATIENT = "patient={{context.patientId}}"
#: What the services ask a client to fetch, by key. Each is a FHIR search of the patient in context, or a read.
PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": f"Condition?{_OF_PATIENT}",
    "observations": f"Observation?{_OF_PATIENT}",
    "medications": f"MedicationRequest?{_OF_PATIENT}",
    "statements": f"MedicationStatement?{_OF_PATIENT}",
    "allergies": f"AllergyIntolerance?{_OF_PATIENT}",
    "procedures": f"Procedure?{_OF_PATIENT}",
}
#: Without these there is nothing to answer.
_NEEDED = {"patient": "Patient", "conditions": "Condition"}
_USE = (
    "The services never ask a FHIR server: what they know of the patient is what is prefetched, or a Bundle given "
    "under any prefetch key. Without the patient and the conditions they answer 412; what else is not given is unknown."
)
#: Each service: its id, hook, title and description.
_SERVICES = (
    (
        "guidegraph-patient-view",
        _PATIENT,
        "GuideGraph: what guidelines say for this patient",
        "The answer at a glance for each problem of the patient that recommendations speak of, and both sides where "
        "sources disagree.",
    ),
    (
        "guidegraph-order-select",
        _SELECT,
        "GuideGraph: the selected orders",
        "What contraindications, warnings and recommendations say of the selected orders, beside the other drafts and "
        "what the patient takes.",
    ),
    (
        "guidegraph-order-sign",
        _SIGN,
        "GuideGraph: the orders to sign",
        "What contraindications, warnings and recommendations say of all draft orders together, and beside what the "
        "patient takes.",
    ),
)
_HOOKS = {name: hook for name, hook, _, _ in _SERVICES}


def routes(served: Served) -> list[BaseRoute]:
    """The routes of CDS Hooks."""
    services = Services(served)
    found = [
        Route("/", discovery, methods=["GET"]),
        Route("/{service}", guarded(services.call, json_body), methods=["POST"]),
        Route("/{service}/feedback", guarded(services.feedback, json_body), methods=["POST"]),
    ]
    below = Mount(PLACE, app=Starlette(routes=found, exception_handlers={HTTPException: refused}))
    return [Route(PLACE, discovery, methods=["GET"]), below]


async def discovery(request: Request) -> Response:
    """The services that there are."""
    told = [
        {
            "hook": hook,
            "title": title,
            "description": description,
            "id": name,
            "prefetch": PREFETCH,
            "usageRequirements": _USE,
        }
        for name, hook, title, description in _SERVICES
    ]
    return answer({"services": told})


class Services:
    """Answers the calls of the services."""

    def __init__(self, served: Served) -> None:
        self._served = served

    @cached_property
    def _reader(self) -> FhirReader:
        return FhirReader(self._served.kb.knowledge)

    @cached_property
    def _documents(self) -> Mapping[str, str]:
        """Where each document is read, by its id and by its label."""
        rows = documents(self._served.kb.knowledge)["documents"]
        return {
            name: address
            for row in rows
            for name in (row["id"], row["label"])
            if (address := next(iter(row["addresses"]), ""))
        }

    def call(self, request: Request, body: dict[str, Any]) -> Response:
        """The cards for one call.

        Raises:
            RefusedError: no such service, a request that is none of its hook, or data without which it cannot answer.
            ProfileError: the data cannot be read as FHIR.
        """
        hook = _hook(request)
        instance, context = _asked(body, hook)
        patient = context["patientId"].removeprefix("Patient/")
        given = _prefetched(body.get("prefetch"))
        day, kb = date.today(), self._served.kb
        orders = [] if hook == _PATIENT else self._orders(context, patient, hook, day)
        if hook != _PATIENT and not orders:
            return answer({"cards": []})
        reading = self._reader.profile(given, as_of=day, where="prefetch", patient=patient)
        therapies = list(dict.fromkeys(therapy for order in orders for therapy in order.therapies))
        answers: list[Answered] = []
        others: list[Answered] = []
        for part in parts(reading.profile):
            found = kb.therapies(part, as_of=day)
            glance = found.glance()
            plan = kb.plan(part, therapies, as_of=day) if therapies else None
            spoken = therapies or [family["therapy"] for family in contested(glance)]
            iris = {therapy: ns.expand(therapy) or therapy for therapy in spoken}
            voices = {therapy: found.counted(iri) for therapy, iri in iris.items()}
            unknown = {therapy: found.unexcluded(iris[therapy]) for therapy in therapies}
            unfiled = frozenset(therapy for therapy in therapies if iris[therapy] in found.assessment.unfiled)
            one = Answered(glance, plan, voices, unknown, unfiled)
            # Who opens the record of a patient without any such problem is not told of those who have one.
            spoken_of = hook != _PATIENT or found.assessment.asked.about or one.held
            (answers if spoken_of else others).append(one)
        maker = Maker(lambda name: str(uuid5(instance, name)), str(request.base_url).rstrip("/"), self._documents)
        if not answers and not reading.whole:
            # Nobody knows whether this is such a patient.
            return answer({"cards": maker.unread(others)})
        return answer({"cards": self._cards(maker, answers, orders, hook)})

    def _orders(self, context: Mapping[str, Any], patient: str, hook: str, day: date) -> list[Order]:
        drafts = context.get("draftOrders")
        if not isinstance(drafts, Mapping) or drafts.get("resourceType") != "Bundle":
            raise _unasked("context.draftOrders", "it must be a Bundle")
        if hook == _SELECT and not (isinstance(context.get("selections"), list) and _texts(context["selections"])):
            raise _unasked("context.selections", "it must list the references of the selected orders")
        selections = context["selections"] if hook == _SELECT else ()
        return self._reader.orders(drafts, patient, as_of=day, where="context.draftOrders", selections=selections)

    def _cards(self, maker: Maker, answers: Sequence[Answered], orders: Sequence[Order], hook: str) -> list[Card]:
        if hook == _PATIENT:
            return maker.patient(answers)
        # All drafts are the plan; those that were selected before are told of when they are signed.
        told = [order for order in orders if hook == _SIGN or order.selected]
        return order_cards(maker, answers, told)

    def feedback(self, request: Request, body: dict[str, Any]) -> Response:
        """What became of cards, counted; nothing of it is kept.

        Raises:
            RefusedError: no such service, or no feedback.
        """
        _hook(request)
        for event in feedback.read(body):
            self._served.board.count(event)
        return Response(status_code=200)


def _hook(request: Request) -> str:
    name = request.path_params["service"]
    if name not in _HOOKS:
        raise RefusedError(NOT_FOUND, "there is no such service", mend=f"There are {', '.join(_HOOKS)}.")
    return _HOOKS[name]


def _unasked(where: str, what: str) -> RefusedError:
    return RefusedError(MALFORMED, what, where=where, mend="Ask as CDS Hooks 2.0 has it.")


def _texts(values: Any) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _asked(body: Mapping[str, Any], hook: str) -> tuple[UUID, Mapping[str, Any]]:
    """The identifier of a call, and its context.

    Raises:
        RefusedError: something that the specification requires is missing, or is for another hook.
    """
    if body.get("hook") != hook:
        raise _unasked("hook", f"this service is called on {hook}")
    try:
        instance = UUID(body["hookInstance"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unasked("hookInstance", "it must be a UUID") from None
    context = body.get("context")
    if not isinstance(context, Mapping):
        raise _unasked("context", "it must be an object")
    for name in ("userId", "patientId"):
        if not isinstance(context.get(name), str) or not context[name].removeprefix("Patient/").strip():
            raise _unasked(f"context.{name}", "it must be a text")
    if body.get("fhirAuthorization") is not None and not isinstance(body.get("fhirServer"), str):
        raise _unasked("fhirServer", "it is required with fhirAuthorization")
    return instance, context


def _prefetched(prefetch: Any) -> list[Mapping[str, Any]]:
    """The resources and Bundles that a client fetched.

    Raises:
        RefusedError: the patient or the conditions are not given.
    """
    if prefetch is not None and not isinstance(prefetch, Mapping):
        raise _unasked("prefetch", "it must be an object")
    given = {key: value for key, value in (prefetch or {}).items() if value is not None}
    for key, value in given.items():
        if not isinstance(value, Mapping) or not isinstance(value.get("resourceType"), str):
            raise _unasked(f"prefetch.{key}", "it must be a FHIR resource")
    types = {name for value in given.values() for name in _types(value)}
    for key, name in _NEEDED.items():
        # A client that has no data for a key says so with null; the patient must be there.
        if name not in types and (key == "patient" or key not in (prefetch or {})):
            told = f"neither prefetch.{key} nor a {name} in another Bundle is given"
            raise RefusedError(PRECONDITION, told, where=f"prefetch.{key}", mend="Prefetch what discovery asks for.")
    return list(given.values())


def _types(value: Mapping[str, Any]) -> set[str]:
    """The types of a resource and of the entries of a Bundle."""
    entries = value.get("entry")
    inside = [entry.get("resource") for entry in entries if _is_object(entry)] if isinstance(entries, list) else []
    named = {one["resourceType"] for one in inside if _is_object(one) and isinstance(one.get("resourceType"), str)}
    return {value["resourceType"], *named}


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)
