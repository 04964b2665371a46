"""Which form of an answer a request gets: what it accepts, how much, and what there is (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"\s*({_TOKEN})/({_TOKEN})")
_PARAMETER = re.compile(rf'\s*;\s*(?:({_TOKEN})\s*=\s*({_TOKEN}|"(?:[^"\\]|\\.)*"))?')
_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\Z")
#: Up to a comma that stands in no quotation marks.
_NEXT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)*,?')


@dataclass(frozen=True)
class Form:
    """A form of an answer.

    Attributes:
        name: how code and parameters of addresses call it.
        media: its media type, which the answer states.
        ending: of a file or an address in this form, without a dot.
        also: further media types by which it may be asked for.
    """

    name: str
    media: str
    ending: str
    also: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type as a header states it."""
        return f"{self.media}; charset=utf-8" if self.media.startswith("text/") else self.media


HTML = Form("html", "text/html", "html", ("application/xhtml+xml",))
JSON = Form("json", "application/json", "json")
TURTLE = Form("turtle", "text/turtle", "ttl", ("application/x-turtle",))
TRIG = Form("trig", "application/trig", "trig", ("application/x-trig",))
N_TRIPLES = Form("ntriples", "application/n-triples", "nt", ("text/plain",))
N_QUADS = Form("nquads", "application/n-quads", "nq")
RDF_XML = Form("rdfxml", "application/rdf+xml", "rdf", ("application/xml", "text/xml"))
JSON_LD = Form("jsonld", "application/ld+json", "jsonld", ("application/json",))

RESULTS_JSON = Form("json", "application/sparql-results+json", "srj", ("application/json",))
RESULTS_XML = Form("xml", "application/sparql-results+xml", "srx", ("application/xml", "text/xml"))
RESULTS_CSV = Form("csv", "text/csv", "csv")
RESULTS_TSV = Form("tsv", "text/tab-separated-values", "tsv")

#: Forms of a graph, and of rows or yes or no; where a request has no preference, it gets the first.
GRAPHS = (TURTLE, JSON_LD, N_TRIPLES, RDF_XML, TRIG, N_QUADS)
ROWS = (RESULTS_JSON, RESULTS_XML, RESULTS_CSV, RESULTS_TSV)


#: How closely a range names a media type that it names whole.
_EXACT = 3


@dataclass(frozen=True)
class _Range:
    """One range of an Accept header: its two halves, whether it names what there is not, and its weight."""

    kind: str
    subkind: str
    narrowed: bool
    weight: float

    def specificity(self, media: str) -> int:
        """How closely it names a media type; 0 where it does not."""
        kind, _, subkind = media.partition("/")
        if self.kind == "*":
            return 1 if self.subkind == "*" and not self.narrowed else 0
        if self.kind != kind or self.narrowed:
            return 0
        return 2 if self.subkind == "*" else _EXACT if self.subkind == subkind else 0


def _ranges(header: str) -> Iterator[_Range]:
    """The ranges of an Accept header; what is none is passed over."""
    at = 0
    while at < len(header):
        end = _NEXT.match(header, at)
        found = _RANGE.match(header, at)
        if found is not None:
            yield _range(found[1].lower(), found[2].lower(), header, found.end())
        at = max(at + 1, end.end() if end else at)


def _range(kind: str, subkind: str, header: str, at: int) -> _Range:
    narrowed, weight = False, 1.0
    while (parameter := _PARAMETER.match(header, at)) is not None:
        at = parameter.end()
        name, value = (parameter[1] or "").lower(), (parameter[2] or "").strip('"')
        if name == "q":
            # A weight that is none leaves the range out: nobody can say how much it is wanted.
            weight = float(value) if _WEIGHT.match(value) else 0.0
            break
        # Every text of ours is UTF-8, and a profile is a wish; any other parameter names what there is not.
        narrowed |= bool(name) and name != "profile" and (name, value.lower()) != ("charset", "utf-8")
    return _Range(kind, subkind, narrowed, weight)


def preferred(header: str | None, forms: Sequence[Form]) -> Form | None:
    """The form that a header likes best, None where it accepts none.

    Each form has the weight of the range that names it most closely. The highest weight wins; of several with the same
    weight the one that is named more closely, then the one that is offered first.

    Args:
        header: the value of Accept; None and an empty one accept everything.
        forms: what there is, the best first.
    """
    if header is None or not header.strip():
        return forms[0]
    ranges = list(_ranges(header))
    best, chosen = (0.0, 0), None
    for form in forms:
        matches = [(r.specificity(form.media), r.weight) for r in ranges]
        if not any(specificity == _EXACT for specificity, _ in matches):
            # By its other names a form must be asked for one by one; its own, where it is named, decides alone.
            others = ((r.specificity(media), r.weight) for media in form.also for r in ranges)
            matches += [m for m in others if m[0] == _EXACT]
        specificity, weight = max((m for m in matches if m[0]), default=(0, 0.0))
        if weight > 0 and (weight, specificity) > best:
            best, chosen = (weight, specificity), form
    return chosen


def accepted(request: Request, forms: Sequence[Form]) -> Form | None:
    """The form that a request likes best of those that there are, None where it accepts none of them."""
    headers = request.headers.getlist("accept")
    return preferred(", ".join(headers) if headers else None, forms)


def answered(form: Form, content: str | bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in a form; caches are told that another request may get another one."""
    told = {"Vary": "Accept", **(headers or {}), "Content-Type": form.content_type}
    return Response(content, status_code=status, headers=told)


def refused(forms: Iterable[Form]) -> Response:
    """The answer to a request that accepts no form that there is: 406, with those that there are."""
    there = ", ".join(dict.fromkeys(form.media for form in forms))
    return PlainTextResponse(f"There is: {there}.\n", status_code=406, headers={"Vary": "Accept"})
