"""The pages of reports on cohorts that whoever starts the server names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import jsonschema_rs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph.api.schemas import published
from guidegraph.errors import UsageError
from guidegraph.files import read_text
from guidegraph.render import cohort_body, cohort_style, to_json
from guidegraph.web.layout import COHORTS, page
from guidegraph.web.links import missing
from guidegraph.web.served import Served, served_of

if TYPE_CHECKING:
    from guidegraph.cohort.forms import ReportForm

#: Bytes of a report that is read at most.
_BYTES = 20_000_000
_MEND = "Name what `guidegraph cohort report PATIENTS -o FILE.json` wrote."


def read_reports(paths: Sequence[Path]) -> dict[str, ReportForm]:
    """Reports by the names of their files, without the endings.

    Raises:
        UsageError: one cannot be read or is no report, or two have one name.
    """
    found: dict[str, ReportForm] = {}
    for path in paths:
        name = path.stem
        if name in found:
            raise UsageError(f"two reports are called {name!r}", where=str(path), mend="Rename one of the files.")
        found[name] = _read(path)
    return found


def _read(path: Path) -> ReportForm:
    try:
        data = json.loads(read_text(path, _BYTES))
    except (ValueError, RecursionError):
        raise UsageError("it is no JSON", where=str(path), mend=_MEND) from None
    fault = next(jsonschema_rs.Draft202012Validator(published()["cohort-report"]).iter_errors(data), None)
    if fault is not None:
        place = "/".join(map(str, fault.instance_path))
        where = f"{path}, {place}" if place else str(path)
        raise UsageError(f"it is no report on a cohort: {fault.message[:200]}", where=where, mend=_MEND)
    return data  # type: ignore[no-any-return]


def routes(served: Served) -> list[BaseRoute]:
    """The list of reports and a page each; none where there is no report."""
    if not served.reports:
        return []
    return [
        Route(COHORTS.path, _list),
        Route(f"{COHORTS.path}/style.css", _style),
        Route(f"{COHORTS.path}/{{name}}.json", _data),
        Route(f"{COHORTS.path}/{{name}}", _report),
    ]


def _list(request: Request) -> Response:
    served = served_of(request)
    rows = [(f"{COHORTS.path}/{quote(name, safe='')}", name, data) for name, data in sorted(served.reports.items())]
    return page(request, "cohorts.html", rows=rows)


def _report(request: Request) -> Response:
    served, name = served_of(request), request.path_params["name"]
    data = served.reports.get(name)
    if data is None:
        return _nowhere(request)
    return page(
        request,
        "cohort.html",
        name=name,
        body=cohort_body(data),
        data=f"{COHORTS.path}/{quote(name, safe='')}.json",
        other=data["asked"]["version"] if data["asked"]["digest"] != served.kb.digest else "",
    )


def _data(request: Request) -> Response:
    data = served_of(request).reports.get(request.path_params["name"])
    return Response(to_json(data), media_type="application/json") if data is not None else _nowhere(request)


def _nowhere(request: Request) -> Response:
    return missing(request, f"No report is called {request.path_params['name']!r}.", "No such report")


def _style(request: Request) -> Response:
    return Response(cohort_style(), media_type="text/css", headers={"Cache-Control": "no-cache"})
