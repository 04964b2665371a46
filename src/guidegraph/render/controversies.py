"""Controversies as text and Markdown: who stands where, for whom they meet, what explains it."""

from __future__ import annotations

from collections.abc import Sequence

from guidegraph import comparisons as forms
from guidegraph.render.markdown import cell
from guidegraph.words import attached_inside, wrap

_COLUMN = 14


def _voice(voice: forms.Voice) -> str:
    """A voice with its strength and what it speaks of; whom it means follows."""
    marks = [voice["strength"]] if voice["strength"] != "none stated" else []
    marks += [voice["standing"]] if voice["standing"] != "guideline" else []
    marks += voice["horizon"]
    marks += map(attached_inside, voice["attached"])
    reported = f"; also reported by {', '.join(voice['reported_by'])}" if voice["reported_by"] else ""
    return voice["name"] + (f" ({', '.join(marks)})" if marks else "") + reported


def _voices(voices: Sequence[forms.Voice]) -> list[str]:
    """Voices; what one document says of several interventions about the same patients is told once."""
    rows: dict[tuple[str, str], list[str]] = {}
    for voice in voices:
        rows.setdefault((_voice(voice), voice["whom"]), []).append(voice["label"])
    return [f"{who}: {', '.join(dict.fromkeys(labels))} - {whom}" for (who, whom), labels in rows.items()]


def _apart(rows: Sequence[forms.Attached], verdict: str) -> list[str]:
    """Pairs that are not at odds, by voices, each with what keeps them apart."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["verdict"] == verdict:
            told.setdefault((row["names"][0], row["names"][1]), []).append(row["why"])
    return [f"{a} with {b} ({'; or '.join(dict.fromkeys(why))})" for (a, b), why in told.items()]


def _lines(one: forms.Controversy) -> list[tuple[str, str]]:
    """The rows of a controversy: what it is and its words."""
    sides, agreeing = one["sides"], one["agreeing"]
    rows = [("for", text) for text in _voices(sides["for"])]
    rows += [("against", text) for text in _voices(sides["against"])]
    rows += [("declined", text) for text in _voices(sides["declined"])]
    rows += [("agrees for", text) for text in _voices(agreeing["for"])]
    rows += [("agrees against", text) for text in _voices(agreeing["against"])]
    rows += [("also declined", text) for text in _voices(agreeing["declined"])]
    for met in one["meet"]:
        rows.append(("meet", met["text"]))
        if len(met["each"]) > 1:
            rows += [("", f"with {row['name']}: {row['whom']}") for row in met["each"]]
    rows += [("why", text) for text in one["explained_by"]]
    for side, support in (("for", one["rests_on"]["a"]), ("against", one["rests_on"]["b"])):
        if support["studies"]:
            rows.append(("rests on", f"{side}: {'; '.join(s['label'] for s in support['studies'])}"))
    shared = one["shared_evidence"]["studies"]
    rows += [("shared", "; ".join(s["label"] for s in shared))] if shared else []
    rows += [("moved", row["text"]) for row in one["moved"]]
    rows += [("not at odds", text) for text in _apart(one["seeming"], "apparent")]
    unrelated = _apart(one["seeming"], "not-excluded")
    if unrelated:
        rows.append(("unrelated", f"{len(unrelated)} pairs speak of unrelated conditions; both apply to who has both"))
    return rows


def _title(one: forms.Controversy) -> str:
    whom = ", ".join(i["label"] for i in one["indications"])
    return f"{one['title'].upper()}{f' for {whom}' if whom else ''}"


def controversies_text(rows: Sequence[forms.Controversy]) -> list[str]:
    """Controversies as lines of text, those with most voices first."""
    lines: list[str] = []
    for one in rows:
        lines += ["", *wrap(_title(one))]
        lines += wrap(one["text"], "  ", "  ")
        word = ""
        for head, text in _lines(one):
            shown = head if head != word else ""
            lines += wrap(text, " " * (_COLUMN + 4), f"  {shown:<{_COLUMN}}  ")
            word = head or word
    return lines


def controversies_markdown(rows: Sequence[forms.Controversy]) -> list[str]:
    """Controversies as parts of a Markdown page."""
    parts = []
    for one in rows:
        told = "\n".join(f"- **{cell(head or '...')}** {cell(text)}" for head, text in _lines(one))
        parts += [f"### {cell(_title(one))}", cell(one["text"]), told]
    return parts
