"""A cohort's report as tables: Markdown, CSV, and what its page is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guidegraph.model import POSITIVE, STATUSES
from guidegraph.render.screen import escaped
from guidegraph.words import DISCLAIMER

if TYPE_CHECKING:
    from guidegraph.cohort.forms import Asked, MovedTherapy, MoveRow, ReportForm, TherapyRow, TurnRow

Cell = str | int | None
#: What stands for a count that is masked.
MASK = "<5"
#: Words for the roles of statements.
ROLES = {"c": "contraindicates it", "f": "for it", "g": "against it", "r": "caution with it"}
#: Words for what a statement is to a patient, and for the status of what nothing reaches.
TRUTHS = {
    "true": "true", "false": "false", "unknown": "unknown", "inactive": "does not count", "none": "is not on it",
}  # fmt: skip
UNREACHED = "spoken of by nobody"
_MEMBERS = 4


@dataclass(frozen=True)
class Table:
    """A table of the report: the name of its file, its title, what it says, its headings and its rows.

    A cell that is a number is a count, and None a masked one.
    """

    name: str
    title: str
    lead: str
    heads: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def status_words(status: str) -> str:
    """A status in words."""
    return status.replace("-", " ") if status in STATUSES else UNREACHED


def counted(count: int | None) -> str:
    """A count as a reader writes it."""
    return MASK if count is None else f"{count:,}"


def named(label: str, members: Sequence[str]) -> str:
    """A therapy with those that are alike."""
    shown = [*members[:_MEMBERS], *([f"{len(members) - _MEMBERS} more"] if len(members) > _MEMBERS else [])]
    return f"{label} (and {', '.join(shown)})" if members else label


def asked_words(asked: Asked) -> str:
    """What was asked, in words."""
    country = f", labels of {asked['jurisdiction']}" if asked["jurisdiction"] else ""
    voices = f", only {' and '.join(asked['voices'])} voices" if asked["voices"] else ""
    problem = f", asked about {asked['problem']}" if asked["problem"] else ""
    digest = asked["digest"].rpartition(":")[2][:8]
    return f"as of {asked['as_of']}{country}{voices}{problem}; knowledge {asked['version']} ({digest})"


def recommended(row: TherapyRow) -> int:
    """To how many a therapy is recommended, as far as that is told."""
    return sum(row["statuses"][status] or 0 for status in POSITIVE)


def notes(data: ReportForm) -> list[str]:
    """What a reader must know of the numbers, in sentences."""
    patients, told = data["patients"], []
    if data["small_cells"]:
        told.append(f"Counts of 1 to 4 are told as {MASK}, all others are rounded down to a multiple of 5.")
    if patients["contradicted"] != 0:
        told.append(f"Contradict themselves and are counted nowhere below: {counted(patients['contradicted'])}.")
    if patients["left_out"] != 0:
        told.append(f"Left out, since what is said of them cannot be read: {counted(patients['left_out'])}.")
    told += [f"Column {one['column']}, {counted(one['count'])} x {one['what'].rstrip('.')}." for one in data["unclear"]]
    return [*told, *(f"Not told here. {text}" for text in data["missing"])]


def tables(data: ReportForm) -> Iterator[Table]:
    """The tables of the report, but for what the source cannot tell."""
    yield _ever(data)
    yield _therapies(data)
    if data["facts"] is not None:
        yield _facts(data)
    if data["controversies"] is not None:
        yield Table(
            "controversies", "Whom controversies concern",
            "Both true: statements that are opposed both speak of the patient. May be: for all that is known, they do.",
            ("controversy", "both true", "may be", "who says what"),
            [(row["title"], row["both"], row["possible"], row["text"]) for row in data["controversies"]],
        )  # fmt: skip
    if data["documents"] is not None:
        yield _documents(data)
    if data["flow"] is not None:
        yield _flow(data)


def _documents(data: ReportForm) -> Table:
    rows, known = data["documents"] or [], data["facts"] is not None
    lead = (
        "True: patients of whom a statement of the document is true (a recommendation either way, a contraindication, "
        "a warning or an alert)."
    )
    if not known:
        told: list[tuple[Cell, ...]] = [
            (row["name"], row["kind"], row["issued"], row["patients"], row["statements"]) for row in rows
        ]
        heads = ("document", "kind", "issued", "true", "statements")
        return Table("documents", "Whom documents speak of", lead, heads, told)
    return Table(
        "documents", "Whom documents decide for",
        f"Decides: patients with a status that rests on a statement of the document. {lead}",
        ("document", "kind", "issued", "decides", "true", "statements"),
        [
            (row["name"], row["kind"], row["issued"], row["decides"], row["patients"], row["statements"])
            for row in rows
        ],
    )  # fmt: skip


def _ever(data: ReportForm) -> Table:
    shown = [code for code, status in STATUSES.items() if status.bands[0] != "left-open"]
    return Table(
        "patients", "Patients with at least one therapy of a status",
        f"Of {counted(data['patients']['answered'])} patients. Most have therapies of several statuses.",
        ("status", "patients", "meaning"),
        [(status_words(code), data["ever"][code], STATUSES[code].definition) for code in shown],
    )  # fmt: skip


def _therapies(data: ReportForm) -> Table:
    facts = data["facts"] is not None
    signs = (
        " On signs alone: it is provisional, and nothing but signs of alerts that nobody asked about holds it up (of "
        "those in brackets, the first)."
    )
    return Table(
        "therapies", "Therapies by status",
        "Those first that are recommended to most: eligible, provisional or with caution. "
        "A therapy stands for those in brackets, which have the same status for every patient."
        + (signs if facts else ""),
        ("therapy", "kind", *map(status_words, STATUSES), *(["on signs alone"] if facts else [])),
        [
            (named(row["label"], [one["label"] for one in row["members"]]), row["category"],
             *(row["statuses"][code] for code in STATUSES), *([row["signs_only"]] if facts else []))
            for row in data["therapies"]
        ],
    )  # fmt: skip


def steady_lines(data: ReportForm) -> list[str]:
    """What has one status for everybody, in sentences."""
    return [
        f"{status_words(row['status']).capitalize()} for everybody ({len(row['therapies'])}): "
        f"{', '.join(one['label'] for one in row['therapies'])}."
        for row in data["steady"]
    ]


def _facts(data: ReportForm) -> Table:
    facts = data["facts"]
    assert facts is not None
    return Table(
        "facts", "What to record: unknown facts that keep therapies open",
        f"{counted(facts['patients'])} patients have a therapy that is undetermined or provisional for want of a fact. "
        "Those first that keep most therapies open, added up over patients. Alone: of some therapy nothing else is "
        "missing. Holds up: something that is recommended to the patient waits for it.",
        ("unknown", "patients", "alone", "holds up", "may contraindicate", "therapies", "most often"),
        [
            (
                f"any sign of: {row['label']}" if row["alert"] else row["label"],
                row["patients"], row["alone"], row["provisional"], row["absolute"], row["therapies"],
                "; ".join(f"{one['label']} {counted(one['patients'])}" for one in row["keeps_open"]),
            )
            for row in facts["rows"]
        ],
    )  # fmt: skip


def turn_words(row: TurnRow) -> str:
    """How a statement turned, in words."""
    said = ", ".join(filter(None, (row["document"], row["label"])))
    turned = f"{TRUTHS[row['was']]}, now {TRUTHS[row['now']]}"
    return f"{ROLES[row['role']]}: {said}: {turned} ({counted(row['patients'])})"


def otherwise_words(move: MoveRow) -> str:
    """Of how many no statement turned, in words; "" where there is none."""
    if move["otherwise"] == 0:
        return ""
    return f"no statement on it turned, but how they stand to each other ({counted(move['otherwise'])})"


def move_words(move: MoveRow) -> str:
    """A move in words."""
    return f"{status_words(move['was'])}, now {status_words(move['now'])}"


def moved_name(row: MovedTherapy) -> str:
    """A therapy that moves, with those that move just so."""
    return named(row["label"], [one["label"] for one in row["members"]])


def flow_lead(data: ReportForm) -> str:
    """What was compared, and how much moved, in words."""
    flow = data["flow"]
    assert flow is not None
    return (
        f"Before: {asked_words(flow['before'])}. Now: {asked_words(flow['after'])}. "
        f"Of {counted(flow['patients'])} patients "
        f"{counted(flow['moved'])} have another status for some therapy; {flow['unmoved']} therapies move for nobody."
    )


def _flow(data: ReportForm) -> Table:
    flow = data["flow"]
    assert flow is not None
    rows: list[tuple[Cell, ...]] = []
    for row in flow["therapies"]:
        for move in row["moves"]:
            by = [*map(turn_words, move["by"]), otherwise_words(move)]
            rows.append(
                (moved_name(row), status_words(move["was"]), status_words(move["now"]), move["patients"],
                 "; ".join(filter(None, by)))
            )  # fmt: skip
    heads = ("therapy", "before", "now", "patients", "statements that turned")
    return Table("moves", "What the change moves", flow_lead(data), heads, rows)


def cohort_csv(data: ReportForm) -> dict[str, str]:
    """The tables as CSV by the names of their files."""
    made = {}
    for table in tables(data):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.heads)
        writer.writerows([MASK if cell is None else cell for cell in row] for row in table.rows)
        made[f"cohort-{table.name}.csv"] = text.getvalue()
    return made


def title_words(data: ReportForm) -> str:
    """The title of the report."""
    return f"Cohort report: {data['source']}"


def head_words(data: ReportForm) -> str:
    """Of whom the report is, in words."""
    return f"{counted(data['patients']['answered'])} patients, {asked_words(data['asked'])}."


def cohort_markdown(data: ReportForm) -> str:
    """The report as Markdown."""
    lines = [f"# {escaped(title_words(data))}", "", escaped(head_words(data)), ""]
    lines += [f"- {escaped(note)}" for note in notes(data)]
    for table in tables(data):
        lines += ["", f"## {escaped(table.title)}", "", escaped(table.lead), ""]
        lines += _markdown(table)
        if table.name == "therapies":
            lines += [line for text in steady_lines(data) for line in ("", escaped(text))]
    return "\n".join([*lines, "", f"{escaped(data['software'])}. {escaped(DISCLAIMER)}"]) + "\n"


def _markdown(table: Table) -> Iterator[str]:
    if not table.rows:
        yield "None."
        return
    yield f"| {' | '.join(table.heads)} |"
    yield f"|{'|'.join(' ---: ' if _is_count(table, at) else ' --- ' for at in range(len(table.heads)))}|"
    for row in table.rows:
        yield f"| {' | '.join(escaped(cell_words(cell)) for cell in row)} |"


def cell_words(cell: Cell) -> str:
    """A cell as a reader sees it."""
    return cell if isinstance(cell, str) else counted(cell)


def _is_count(table: Table, at: int) -> bool:
    return all(not isinstance(row[at], str) for row in table.rows)
