"""A commented profile to fill in, written from the vocabulary."""

from __future__ import annotations

from guidegraph.model import TermRow
from guidegraph.profile.terms import Vocabulary

_HEAD = """\
# A patient profile. Everything is optional: what is left out is unknown, never "no".
# Terms are labels, synonyms, CURIEs or IRIs in any case; an unknown one is an error with the nearest matches.
id: patient-1
label: a patient
"""
_PROBLEMS = """
# Problems: what the patient asks about, where there are several, each with what belongs to it alone
# (of, %s); else the numbers and lists of this file are of the one problem.
# problems:
#   - {of: CONDITION, weeks: 2}
# Therapies that were not tolerated, whatever they were tried for:
# not_tolerated: [THERAPY]
# Alerts that somebody has examined the patient for (state the signs that were found and not found, too), or acted on:
# alerts: {examined: [ALERT], acted_on: [ALERT]}"""
_LISTS = {
    "conditions": "diagnoses and states; findings may stand here too",
    "findings": "symptoms, signs and test results",
    "medications": "what the patient takes now",
    "trials": "therapies tried, as {of: THERAPY, weeks: 6, outcome: failed}; outcome: %s",
    "stopped_medications": "drugs stopped, as {of: DRUG, days: 10}",
    "done": "tests and procedures done, as {of: TEST, days: 10, shows: [FINDING], lacks: [FINDING], value: 5}",
    "supplies": "drugs handed over, as {of: DRUG, days: 10, supplied: 30}, which lasts 30 days",
}


def _range(row: TermRow) -> str:
    low = "" if row.low is None else f"{row.low.normalize():f}"
    high = "" if row.high is None else f"{row.high.normalize():f}"
    return f"{low} to {high}" if low or high else "a number"


def template(vocabulary: Vocabulary) -> str:
    """A commented YAML profile with every key of the vocabulary; it can be read as it is."""
    lines = [_HEAD, "# Numbers, each in its one unit:"]
    numbers = sorted(vocabulary.of_kind("number"), key=lambda r: r.key)
    lines += [f"# {row.key}: {row.label}; {_range(row)}" for row in numbers]
    direct: dict[str, list[str]] = {}
    for row in vocabulary.of_kind("condition", "finding"):
        if row.key:
            direct.setdefault(row.key, []).append(row.key_value)
    lines.append("\n# Answered directly:")
    for key, values in sorted(direct.items()):
        lines.append(f"# {key}: {' | '.join(sorted(values)) if any(values) else 'true | false'}")
    own = sorted(row.problem_key for row in vocabulary.rows if row.problem_key)
    lines.append(_PROBLEMS % ", ".join(own))
    lines.append(
        "\n# Lists. Complete: true says that the list names everything of its kind, so what it does not name is absent."
    )
    outcomes = ", ".join(row.label for row in vocabulary.of_kind("outcome"))
    order = [*_LISTS]
    for row in sorted(
        vocabulary.of_kind("category"), key=lambda r: order.index(r.key) if r.key in order else len(order)
    ):
        what = _LISTS.get(row.key, row.label)
        lines.append(f"\n# {what % outcomes if '%s' in what else what}")
        lines.append(f"{row.key}:\n  present: []\n  absent: []\n  complete: false")
    return "\n".join(lines) + "\n"
