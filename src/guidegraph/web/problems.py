"""What a program is told when its request cannot be answered: problem details by RFC 9457, and the answers in JSON."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from guidegraph import errors
from guidegraph import namespaces as ns
from guidegraph.jsontext import AmbiguousError, decimal, refuse, unique

_LOG = logging.getLogger(__name__)
#: Where the types of problems are named.
TYPES = ns.BASE + "problem/"


@dataclass(frozen=True)
class Problem:
    """A kind of problem: the end of its type's IRI, its title and the status of HTTP."""

    name: str
    title: str
    status: int


MALFORMED = Problem("malformed", "The request cannot be read", 400)
MEDIA_TYPE = Problem("media-type", "The body is not in a form that is read here", 415)
NOT_FOUND = Problem("not-found", "There is nothing here", 404)
METHOD = Problem("method", "This is not asked in that way", 405)
PRECONDITION = Problem("precondition", "What is needed to answer was not given", 412)
REFUSED = Problem("refused", "The request was refused", 400)
FAULT = Problem("fault", "The server failed", 500)
#: What the bounds of a request refuse (guidegraph.web.limits).
_BOUNDS = (
    Problem("timeout", "The request took too long", 408),
    Problem("size", "The request is too large", 413),
    Problem("busy", "There is too much to do", 429),
    Problem("time", "The answer took too long", 503),
)
#: The first class of a fault that fits says its kind.
_FAULTS: tuple[tuple[type[errors.GuideGraphError], Problem], ...] = (
    (errors.TermError, Problem("term", "A term is not known, or means more than one thing", 422)),
    (errors.UnitError, Problem("unit", "A unit is not known, or does not fit", 422)),
    (errors.ProfileError, Problem("profile", "The profile cannot be read, or contradicts itself", 422)),
    (errors.UsageError, Problem("argument", "An argument makes no sense", 422)),
    (errors.GuideGraphError, Problem("knowledge", "The knowledge cannot answer this", 500)),
)
_STATUSES = {problem.status: problem for problem in (NOT_FOUND, METHOD, MEDIA_TYPE, PRECONDITION)}
#: Every kind, for the document that describes the interface.
PROBLEMS = (
    MALFORMED,
    MEDIA_TYPE,
    NOT_FOUND,
    METHOD,
    PRECONDITION,
    REFUSED,
    FAULT,
    *_BOUNDS,
    *(kind for _, kind in _FAULTS),
)


class RefusedError(errors.GuideGraphError):
    """A request that is refused for how it is made, as one kind of problem."""

    def __init__(self, problem: Problem, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what, where=where, mend=mend)
        self.problem = problem


def answer(data: Any, status: int = 200, media: str = "application/json") -> Response:
    """Data as compact JSON, keys in their order; a text is JSON already.

    A lone surrogate, which no bytes of UTF-8 stand for, is escaped as JSON does it.
    """
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(errors="backslashreplace"), status, media_type=media)


def problem(kind: Problem, detail: str, **more: str) -> Response:
    """One problem; ``more`` are ``where`` and ``mend`` where there is something to say."""
    told = {"type": TYPES + kind.name, "title": kind.title, "status": kind.status, "detail": detail}
    return answer(
        {**told, **{key: text for key, text in more.items() if text}}, kind.status, "application/problem+json"
    )


def fault(error: errors.GuideGraphError) -> Response:
    """What GuideGraph says of a fault, as a problem."""
    kind = getattr(error, "problem", None) or next(kind for cls, kind in _FAULTS if isinstance(error, cls))
    # The command line names options where a program names arguments.
    named = error.where.startswith("--")
    where = error.where.removeprefix("--").replace("-", "_") if named else error.where
    return problem(kind, error.what, where=where, mend=error.mend)


async def refused(request: Request, error: Exception) -> Response:
    """What the router refuses (no such address, another method) as a problem."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    kind = _STATUSES.get(status) or Problem(REFUSED.name, REFUSED.title, status)
    told = problem(kind, f"{request.method} is not answered here" if status == METHOD.status else kind.title + ".")
    told.headers.update(headers or {})
    return told


def guarded(answering: Callable[[Request, Any], Any], read: Callable[[Request], Awaitable[Any]]) -> Any:
    """A handler that reads a request, answers it in a thread, and tells what goes wrong as a problem.

    Args:
        answering: makes the data of the answer, or the response itself, from the request and what was read of it.
        read: reads the request; it may wait for its body.
    """

    async def handle(request: Request) -> Response:
        try:
            given = await read(request)
            told = await run_in_threadpool(answering, request, given)
            return told if isinstance(told, Response) else await run_in_threadpool(answer, told)
        except errors.GuideGraphError as error:
            return fault(error)
        except HTTPException:
            raise
        except Exception as error:
            # Its message may hold what was asked, which is in no log.
            last = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("%s at %s:%s", type(error).__name__, last.filename, last.lineno)
            return problem(FAULT, "Something went wrong that should not have.", mend="Ask for it again, or report it.")

    return handle


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object that a request's body is; numbers with a point are exact.

    Raises:
        RefusedError: another media type, no JSON in UTF-8, a key twice in one object, NaN, or no object.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        raise RefusedError(MEDIA_TYPE, "the body is not said to be JSON", mend="Send it as application/json.")
    return await run_in_threadpool(_parsed, await request.body())


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=unique, parse_float=decimal, parse_constant=refuse
        )
    except json.JSONDecodeError as error:
        place = f"the body:{error.lineno}:{error.colno}"
        raise RefusedError(MALFORMED, f"not JSON: {error.msg}", where=place, mend="Mend the syntax there.") from None
    except AmbiguousError as error:
        raise _malformed(str(error)) from None
    except RecursionError:
        raise _malformed("nested too deeply") from None
    except UnicodeDecodeError:
        raise _malformed("not UTF-8 text") from None
    except ValueError:
        raise _malformed("a number is too long to be one") from None
    if not isinstance(data, dict):
        raise _malformed("it is no JSON object")
    return data


def _malformed(what: str) -> RefusedError:
    return RefusedError(MALFORMED, what, where="the body", mend="Send one JSON object.")
