"""The problems of a profile: what belongs to each alone, and the profile of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError, UsageError
from guidegraph.model import Problem, Profile, TermRow
from guidegraph.profile.terms import Vocabulary

_CONDITION, _NOT_TOLERATED = ns.GG + "hasCondition", ns.GG + "NotTolerated"
_TABLES = ("present", "absent", "values")
_SETS = ("trials_present", "trials_absent", "complete")
_MEND = "Write it into the problem that it belongs to."
T = TypeVar("T")


def together(profile: Profile, problems: Sequence[Problem], vocabulary: Vocabulary, where: str = "problems") -> Profile:
    """The profile with its problems: with one, what belongs to it is the profile's; with several, each keeps its own.

    The conditions that the problems are, are conditions of the patient.

    Args:
        profile: the patient, without problems.
        problems: those that the profile names.
        vocabulary: says what belongs to a problem.
        where: names their place in messages.

    Raises:
        ProfileError: one condition is two problems, or something that belongs to a problem is stated twice, or of the
            patient where there are several problems.
    """
    if not problems:
        return profile
    conditions = profile.present.get(_CONDITION, frozenset()).union(*(problem.of for problem in problems))
    profile = replace(profile, present={**profile.present, _CONDITION: conditions})
    ordered = tuple(sorted(problems, key=lambda problem: sorted(problem.of)))
    owned = list(_owned(profile, vocabulary))
    if len(ordered) == 1:
        twice = next((row for row in owned if _states(ordered[0], row)), None)
        if twice is not None:
            name = twice.problem_key
            raise ProfileError(f"{name} is stated of the problem and of the patient", where=where, mend="Keep one.")
        return _with(profile, ordered[0])
    for iri in sorted(conditions):
        if sum(iri in problem.of for problem in ordered) > 1:
            raise ProfileError(f"two problems are {vocabulary.label(iri)}", where=where, mend="Make them one.")
    if owned:
        name = owned[0].key or owned[0].label
        raise ProfileError(f"{name} belongs to one of the {len(ordered)} problems", where=where, mend=_MEND)
    return replace(profile, problems=ordered)


def _owned(profile: Profile, vocabulary: Vocabulary) -> Iterable[TermRow]:
    """What of the profile belongs to a problem."""
    return (row for row in vocabulary.rows if row.problem_key and _states(profile, row))


def _states(given: Profile | Problem, row: TermRow) -> bool:
    if row.kind == "number":
        return row.iri in given.values
    if row.kind == "category":
        return bool(given.trials_present or given.trials_absent or row.iri in given.complete)
    return any(row.iri in classes for table in (given.present, given.absent) for classes in table.values())


def _with(profile: Profile, problem: Problem) -> Profile:
    """The profile of one problem: the patient's facts and those of the problem."""
    merged: dict[str, Any] = {name: getattr(profile, name) | getattr(problem, name) for name in _SETS}
    for name in _TABLES:
        table: dict[str, Any] = dict(getattr(profile, name))
        for prop, value in getattr(problem, name).items():
            table[prop] = value if name == "values" else table.get(prop, frozenset()) | value
        merged[name] = dict(sorted(table.items()))
    return replace(profile, about=problem.of, problems=(), **merged)


def parts(profile: Profile) -> list[Profile]:
    """The profile of each of its problems; the profile itself where it names at most one."""
    if not profile.problems:
        return [profile]
    return [_chosen(profile, problem) for problem in profile.problems]


def titled(profile: Profile, vocabulary: Vocabulary, title: str) -> dict[str, Profile]:
    """The profile of each of its problems, by a title that names the problem where there are several."""
    of_each = parts(profile)
    return {f"{title}: {name(one.about, vocabulary)}" if len(of_each) > 1 else title: one for one in of_each}


def _chosen(profile: Profile, problem: Problem) -> Profile:
    others = [t for other in profile.problems if other is not problem for t in other.trials_present]
    bad = profile.not_tolerated | {trial.of for trial in others if trial.outcome == _NOT_TOLERATED}
    # What is not tolerated in a trial is the patient's own, whatever it was tried for.
    beside = frozenset(cls for other in profile.problems if other is not problem for cls in other.of)
    return replace(_with(profile, problem), not_tolerated=frozenset(bad), beside=beside)


def of_problem(profile: Profile, text: str | None, vocabulary: Vocabulary) -> Profile:
    """The profile of one problem, which is what an assessment is of.

    Args:
        profile: a profile whose implications are applied.
        text: the problem, by a name or code of its condition or of one above it; the only one if None.
        vocabulary: resolves it.

    Raises:
        UsageError: the profile names several problems and none is chosen, or it has no such problem.
        TermError: the text names no condition, or more than one thing.
    """
    if text is None:
        if not profile.problems:
            return profile
        names = [name(problem.of, vocabulary) for problem in profile.problems]
        raise UsageError(
            f"the profile names {len(names)} problems: {'; '.join(names)}",
            where=profile.id,
            mend="Choose one with --problem, in Python with problem=.",
        )
    wanted = vocabulary.resolve(text, ("condition",), where="--problem")
    if profile.problems:
        fitting = _fitting(wanted, {problem.of: problem for problem in profile.problems}, vocabulary)
        return _chosen(profile, fitting)
    if profile.about:
        _fitting(wanted, {profile.about: profile}, vocabulary)
        return profile
    held = {frozenset((cls,)): cls for cls in sorted(profile.present.get(_CONDITION, ()))}
    return replace(profile, about=frozenset((_fitting(wanted, held, vocabulary),)))


def asked_of(profile: Profile | None, text: str | None, vocabulary: Vocabulary) -> Profile | None:
    """The profile of one problem as :func:`of_problem` has it, None where no patient is given.

    Raises:
        UsageError, TermError: as there; also where a problem is asked about and no patient is given.
    """
    if profile is not None:
        return of_problem(profile, text, vocabulary)
    if text is not None:
        raise UsageError("no patient is given whose problem it could be", where="--problem", mend="Give the profile.")
    return None


def _fitting(wanted: str, known: Mapping[frozenset[str], T], vocabulary: Vocabulary) -> T:
    """The one that is the wanted condition, or else the one that is below it."""
    exact = [one for of, one in known.items() if wanted in of]
    below = [one for of, one in known.items() if any(wanted in vocabulary.ancestors(cls) for cls in of)]
    found = exact or below
    if len(found) == 1:
        return found[0]
    label, names = vocabulary.label(wanted), "; ".join(name(of, vocabulary) for of in known) or "none"
    what = f"{label} is {len(found)} problems of the profile" if found else f"{label} is no problem of the profile"
    raise UsageError(what, where="--problem", mend=f"It has: {names}.")


def name(of: Iterable[str], vocabulary: Vocabulary) -> str:
    """The name of a problem for people: the labels of its conditions."""
    return ", ".join(sorted(vocabulary.label(cls) for cls in of))


def own(profile: Profile, vocabulary: Vocabulary) -> Problem:
    """What of a profile that names one problem belongs to that problem, to be written in one place."""
    rows = [row for row in vocabulary.rows if row.problem_key]
    numbers = {row.iri for row in rows if row.kind == "number"}
    classes = {row.iri for row in rows if row.kind not in ("number", "category")}
    lists = {row.iri for row in rows if row.kind == "category"}

    def kept(table: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        return {prop: found & classes for prop, found in table.items() if found & classes}

    return Problem(
        profile.about,
        kept(profile.present),
        kept(profile.absent),
        {prop: value for prop, value in profile.values.items() if prop in numbers},
        profile.trials_present,
        profile.trials_absent,
        profile.complete & lists,
    )


def without(profile: Profile, problems: Sequence[Problem], vocabulary: Vocabulary) -> Profile:
    """The profile without what its problems state, for writing each fact once."""
    lists = {row.iri for row in vocabulary.rows if row.problem_key and row.kind == "category"}
    stated: dict[str, set[str]] = {"present": set(), "absent": set(), "values": set()}
    for problem in problems:
        stated["present"] |= {cls for classes in problem.present.values() for cls in classes} | problem.of
        stated["absent"] |= {cls for classes in problem.absent.values() for cls in classes}
        stated["values"] |= set(problem.values)
    return replace(
        profile,
        present={prop: found - stated["present"] for prop, found in profile.present.items()},
        absent={prop: found - stated["absent"] for prop, found in profile.absent.items()},
        values={prop: value for prop, value in profile.values.items() if prop not in stated["values"]},
        trials_present=frozenset(),
        trials_absent=frozenset(),
        complete=profile.complete - lists,
    )
