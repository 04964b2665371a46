"""The check of mapping tables and their coverage as text."""

from __future__ import annotations

from typing import Any


def check_text(report: dict[str, Any]) -> str:
    """A check: each finding in one line, then what was counted."""
    lines = []
    for one in report["findings"]:
        told = "warning" if one["warning"] else "error"
        lines.append(f"{one['table']}:{one['line']}: {told} {one['rule']}: {one['what']}. {one['mend']}")
    if lines:
        lines.append("")
    for name, gap in report["unchecked"].items():
        lines.append(f"{gap['rows']} rows not checked in {name}: {gap['reason']}")
    denied = f"{report['denied']} deny a match, " if report["denied"] else ""
    lines.append(
        f"{report['rows']} rows: {report['checked']} checked in installed packages, "
        f"{report['no_term_found']} say that no term was found, {denied}"
        f"{report['not_recheckable_offline']} not re-checkable offline, "
        f"{sum(gap['rows'] for gap in report['unchecked'].values())} not checked"
    )
    if report["subtrees"]:
        below = sum(row["below"] for row in report["subtrees"])
        lines.append(f"{len(report['subtrees'])} rows stand for {below} codes below theirs (--format json shows some)")
    if report["outside"]:
        alike, beside = (sum(row[name] for row in report["outside"]) for name in ("alike", "beside"))
        lines.append(
            f"{len(report['outside'])} terms are covered: {alike} codes outside share a word with one, {beside} are "
            "beside its codes (--format json shows some of each)"
        )
    lines.append(f"{report['errors']} errors, {len(report['findings']) - report['errors']} warnings")
    return "\n".join(lines) + "\n"


def coverage_text(found: dict[str, Any]) -> str:
    """The coverage: one line a table with its predicates, then one line a kind of our terms."""
    names = ["rows", "exact", "narrow", "broad", "close", "no_term_found"]
    names += ["denied"] if any(table["denied"] for table in found["tables"]) else []
    lines = [_line("table", *("none found" if name == "no_term_found" else name for name in names))]
    lines += [_line(table["table"], *(table[name] for name in names)) for table in found["tables"]]
    lines += ["", "terms mapped (of them only looked for, in brackets)", ""]
    tables = [table["table"] for table in found["tables"]]
    lines.append(_line("table", *(kind["kind"] for kind in found["kinds"])))
    for table in tables:
        lines.append(_line(table, *(_cell(kind, table) for kind in found["kinds"])))
    for name, told in (("terms", "all terms"), ("one", "in a table"), ("two", "in two")):
        lines.append(_line(told, *(kind[name] for kind in found["kinds"])))
    lines.append(_line("in two, %", *(_share(kind) for kind in found["kinds"])))
    return "\n".join(lines) + "\n"


def _cell(kind: dict[str, Any], table: str) -> str:
    looked = kind["no_term_found"][table]
    return f"{kind['mapped'][table]}" + (f" ({looked})" if looked else "")


def _share(kind: dict[str, Any]) -> str:
    return f"{100 * kind['two'] / kind['terms']:.0f}" if kind["terms"] else "-"


def _line(first: str, *cells: object) -> str:
    return (f"{first:<10}" + "".join(f"{cell!s:>14}" for cell in cells)).rstrip()
