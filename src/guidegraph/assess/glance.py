"""The glance of an answer: what one acts on in half a minute, as data that every view shows and none computes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_UP
from typing import TYPE_CHECKING

from guidegraph import namespaces as ns
from guidegraph.assess.assessment import ABSOLUTE, FALSE, TRUE, Assessment
from guidegraph.assess.bands import GUIDELINE, HEADINGS, bands, half_known, held, later, of_this_patient, warned
from guidegraph.assess.course import by_itself, kind_word
from guidegraph.assess.families import families
from guidegraph.assess.followed import met
from guidegraph.assess.warned import harms, stated_as
from guidegraph.knowledge import describe
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.describe import iri_of
from guidegraph.knowledge.records import gg
from guidegraph.model import STATUSES
from guidegraph.termreadings import short

if TYPE_CHECKING:
    from guidegraph.derived import (
        Glance,
        GlanceBand,
        GlanceFact,
        GlanceFamily,
        GlanceQuestion,
        GlanceTaken,
        GlanceVoice,
    )
    from guidegraph.forms import Assessed, Contraindication, Recommendation, Therapy
    from guidegraph.knowledge.lay import LayWords
    from guidegraph.readforms import ReadTerm

#: Voices, facts to establish and questions that are named; the others are counted.
_VOICES, _FACTS, _QUESTIONS = 3, 3, 5
#: Questions of these that may do the same.
_ALIKE = 3
#: The order of a family's voices: best standing first, then the strongest.
_STANDING = ("guideline", "reported", "review or study", "secondary", "ended")
_STRENGTH = ("strong", "conditional")
#: The order of tests by the band that their status alone would give.
_TESTS = ("do-not-give", "recommended", "avoid", "if-checked", "disagree", "weak-ground", "left-open", "not-now")


def in_other_words(words: LayWords, assessment: Assessment) -> Assessment:
    """The same assessment told in the words of a reader and a language; everything stands in the order of the one
    given."""
    from guidegraph.knowledge.lay import LayBook, lay_records

    records = lay_records(assessment.records, words)
    book = LayBook(assessment.book, records, words)
    return replace(assessment, records=records, book=book, sentences=words.sentences, filing=assessment, _made={})


def glance_in(words: LayWords, told: Assessment, answer: Assessed) -> Glance:
    """The glance of an answer in the words of a reader and a language, with what of it the language does not say."""
    from guidegraph.knowledge.lay import untranslated

    made = glance(told, answer)
    texts = [text for key, value in made.items() if key != "words" for text in _texts(value)]
    texts += [text for key, text in made["words"].items() if key not in told.sentences]
    left = untranslated(words, told.records, told.book, texts)
    return {**made, "reader": words.reader, "language": words.language, "untranslated": left}


def _texts(value: object) -> Iterator[str]:
    """Every text inside some data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def glance(assessment: Assessment, answer: Assessed) -> Glance:
    """The glance of an answer: each therapy in one band, each band as families (schema/glance.schema.json).

    Args:
        answer: the whole answer of the assessment.
    """
    named = {assessment.name(therapy): therapy for therapy in assessment.statuses}
    entries = {named[entry["intervention"]]: entry for entry in answer["therapies"]}
    where = bands(assessment, entries)
    heads = families(assessment, {therapy: "|".join(band) for therapy, band in where.items()})
    members: dict[str, list[str]] = defaultdict(list)
    for therapy, head in heads.items():
        members[head].append(therapy)
    order = {therapy: at for at, therapy in enumerate(entries)}
    ranks = sorted(members, key=lambda head: min(order[t] for t in members[head]))
    shown: list[GlanceBand] = []
    for code, heading in HEADINGS.items():
        rows = [_family(assessment, entries, h, members[h], where[h][1]) for h in ranks if where[h][0] == code]
        if rows and code != "rest":
            placed = _placed(code, rows, lambda row, of: of(assessment, named[row["therapy"]]))
            shown.append({"band": code, "heading": assessment.said(f"band-{code}", heading), "families": placed})
    left = Counter(entries[head]["status"] for head in members if where[head][0] == "rest")
    return {
        "reader": "professional",
        "language": "en",
        "untranslated": [],
        "words": {**assessment.sentences, **_list_words(assessment)} if assessment.filing else {},
        "as_of": answer["as_of"],
        "profile": {"id": answer["profile"]["id"], "label": answer["profile"]["label"]},
        "banner": answer["banner"],
        "problem": _problem(assessment),
        "patient": list(_patient(assessment)),
        "read": [text for row in answer["by_reading"] for text in _read(assessment, row)],
        "alerts": answer["alerts"],
        "flags": [flag["label"] for flag in answer["flags"]],
        "taken_now": [_taken(assessment, named[row["intervention"]], entries) for row in answer["taken_now"]],
        "bands": shown,
        "other_problems": [row for row in answer["other_problems"] if row["held"]],
        "ask_next": _next(answer),
        "not_understood": answer["not_understood"],
        "unused": [row["text"] for row in answer["unused"]],
        "others": [row["label"] or row["code"] for row in answer["others"]],
        "notes": answer["problem"]["notes"],
        "rest": [{"status": status, "families": left[status]} for status in STATUSES if left[status]],
        "knowledge": answer["knowledge"],
    }


def _list_words(assessment: Assessment) -> dict[str, str]:
    """What the entries of lists that a glance names by their codes are called: "strength strong", "status caution"."""
    records, kinds = assessment.records, ("Strength", "Standing", "Stance", "ReviewState", "Status")
    types = {gg(kind): kind.lower() for kind in kinds} | {ns.GGA + "Status": "status"}
    return {
        f"{types[kind]} {records.code(iri)}": records.label(iri)
        for iri, props in records.nodes.items()
        for kind in props.get(ns.RDF + "type", ())
        if kind in types
    }


def _read(assessment: Assessment, row: ReadTerm) -> Iterable[str]:
    """A term that came by a reading, by the first definition that is met, or in full what definitions differ on."""
    if row["truth"] == TRUE and row["definitions"]:
        more = f" +{len(row['definitions']) - 1}" if len(row["definitions"]) > 1 else ""
        yield f"{row['label']} ({met(assessment, row) or row['definitions'][0]['text']}{more})"
    elif row["truth"] != FALSE:
        yield row["text"]


def _problem(assessment: Assessment) -> str:
    about = assessment.asked.about or assessment.profile.about
    ranked = sorted(about, key=assessment.filed.records.label)
    names = [assessment.records.label(cls) + stated_as(assessment, cls) for cls in ranked]
    weeks = assessment.profile.values.get(gg("symptomWeeks"))
    told = ", ".join(names) or assessment.said("no-problem", "No problem named")
    if weeks is None:
        return told
    lasted = ("for-week", "{} for {} week") if weeks == 1 else ("for-weeks", "{} for {} weeks")
    return assessment.said(*lasted, told, short(weeks))


def _patient(assessment: Assessment) -> Iterable[str]:
    """What is known of the patient beside the problem, as stated: numbers, then what the patient has and takes."""
    profile, book = assessment.profile, assessment.book
    for number, value in sorted(profile.values.items(), key=lambda row: book.short(row[0])):
        if number != gg("symptomWeeks"):
            yield assessment.said("number", "{} {}", book.short(number), short(value))
    about = assessment.asked.about or profile.about
    for prop in (gg("hasFinding"), gg("hasCondition"), gg("takesMedication")):
        for cls in sorted(profile.present.get(prop, frozenset()) - about, key=assessment.filed.records.label):
            yield book.label(Atom("", prop, cls)) + stated_as(assessment, cls)
    held = {cls for classes in profile.present.values() for cls in classes}
    shown = {reading.label for reading in profile.readings if not held.isdisjoint(reading.present)}
    for cls in sorted(profile.not_tolerated, key=assessment.filed.records.label):
        told = assessment.records.label(cls) + stated_as(assessment, cls, shown)
        yield assessment.said("not-tolerated", "not tolerated: {}", told)
    lists = [book.listed(prop) for prop in sorted(profile.complete, key=lambda prop: book.key(Atom("", prop)))]
    if lists:
        yield assessment.said("complete", "complete: {}", ", ".join(lists))


def _family(
    assessment: Assessment, entries: Mapping[str, Therapy], head: str, members: Iterable[str], within: str
) -> GlanceFamily:
    entry = entries[head]
    among = sorted(members, key=lambda t: (t != head, assessment.filed.records.label(t)))
    said = _deciding(entry, within)
    best = _ranked(said)
    establish = _establish(assessment, entry, head) if within in ("if-checked", "weak-ground") else []
    return {
        "therapy": entry["intervention"],
        "label": entry["label"],
        "members": [entries[t]["label"] for t in among[1:]],
        "therapies": [entries[t]["intervention"] for t in among],
        "status": entry["status"],
        "within": within,
        "voices": [_voice(assessment, voice) for voice in best[:_VOICES]],
        "more_voices": max(0, len(best) - _VOICES),
        "against": [_voice(assessment, v) for v in _ranked(_other_side(entry, within))[:_VOICES]],
        "facts": _facts(assessment, entry, head, within),
        "only_with": _attached(assessment, best[0], within) if best else [],
        "establish": establish[:_FACTS],
        "more_facts": max(0, len(establish) - _FACTS),
        # A mark behind a family's name is one of everything that is named.
        "marks": [mark for mark in entry["marks"] if all(mark in entries[t]["marks"] for t in among)],
        "in_weeks": float(later(assessment, head)[0].weeks) if within == "not-now" else None,
        "notes": _notes(assessment, entry, head, within),
    }


def _deciding(entry: Therapy, within: str) -> list[Recommendation]:
    """The voices that put a therapy into its band."""
    if within == "left-open":
        looked = held(entry["other_stances"], GUIDELINE)
        return looked or held(entry["ended"])
    if within == "avoid":
        return held(entry["against"])
    return held(entry["for"])


def _other_side(entry: Therapy, within: str) -> list[Recommendation]:
    if within == "disagree":
        return held(entry["against"])
    if within == "avoid":
        return held(entry["for"])
    return held(entry["other_stances"], GUIDELINE) if within in ("recommended", "if-checked", "weak-ground") else []


def _ranked(voices: Iterable[Recommendation]) -> list[Recommendation]:
    """Voices by standing and strength; one document once for a side."""

    def rank(voice: Recommendation) -> tuple[int, int, str]:
        standing = _STANDING.index(voice["standing"]) if voice["standing"] in _STANDING else len(_STANDING)
        strength = _STRENGTH.index(voice["strength"]) if voice["strength"] in _STRENGTH else len(_STRENGTH)
        return standing, strength, voice["id"]

    first: dict[tuple[str, str], Recommendation] = {}
    for voice in sorted(voices, key=rank):
        first.setdefault((voice["document"]["id"], voice["document"]["issued"]), voice)
    return list(first.values())


def _voice(assessment: Assessment, voice: Recommendation) -> GlanceVoice:
    records, document, statement = (
        assessment.records,
        iri_of(voice["document"]["id"]),
        iri_of(voice["id"]),
    )
    short = describe.short_name(records, document, statement)
    # What only reports another speaks for that one, read through it.
    for reported in voice["reports"][:1]:
        reporting = describe.short_name(records, iri_of(reported["id"]))
        short = assessment.said("reported-in", "{} (in {})", reporting, short)
    return {
        "short": short,
        "stance": voice["stance"],
        "strength": voice["strength"],
        "standing": voice["standing"],
        "review": voice["document"]["review"],
        "document": voice["document"]["id"],
        "statement": voice["id"],
    }


_ATTACHED = {"only": "only: {}", "without": "without: {}", "about-time": "about: {}", "but-for": "but for: {}"}


def _attached(assessment: Assessment, voice: Recommendation, within: str) -> list[str]:
    """What a recommendation attaches to an intervention and what it leaves out of it; of advice against one also the
    time that it is about."""
    records, statement = assessment.records, iri_of(voice["id"])
    rows = [("only", "attachedCondition"), ("without", "onlyWithout")]
    if within == "avoid":
        rows = [("about-time", "horizon"), ("but-for", "onlyWithout")]
    return [
        assessment.said(word, _ATTACHED[word], "; ".join(labels))
        for word, name in rows
        if (labels := [records.label(one) for one in records.all(statement, name)])
    ]


def _facts(assessment: Assessment, entry: Therapy, therapy: str, within: str) -> list[GlanceFact]:
    """What contraindicates a therapy or calls for caution: the patient's facts, each with the documents that say so."""
    rows: dict[str, list[str]] = defaultdict(list)
    absolute = within == "do-not-give" and entry["status"] == "contraindicated"
    for row in entry["contraindications"]:
        if row["truth"] == TRUE and (row["kind"] == "absolute") >= absolute and not row["note"]:
            rows[_fact(assessment, row)].append(describe.short_name(assessment.records, iri_of(row["document"]["id"])))
    told: list[GlanceFact] = [{"text": fact, "by": list(dict.fromkeys(by))} for fact, by in rows.items()]
    urgent = assessment.held(assessment.burdens(therapy))
    told += [{"text": assessment.said("urgent", "alert: {}", assessment.records.label(a)), "by": []} for a in urgent]
    told += _harmed(assessment, therapy)
    return told


def _harmed(assessment: Assessment, therapy: str) -> list[GlanceFact]:
    told = (assessment.said("not-tolerated", "not tolerated: {}", one) for one in harms(assessment, therapy))
    return [{"text": text, "by": []} for text in told]


def _taken(assessment: Assessment, drug: str, entries: Mapping[str, Therapy]) -> GlanceTaken:
    """What speaks against a drug that is taken: facts with their kind, and the voices of both sides on the problem."""
    entry, facts = entries[drug], defaultdict[str, list[str]](list)
    for row in sorted(entry["contraindications"], key=lambda row: row["kind"] != "absolute"):
        statement = iri_of(row["id"])
        stated = row["truth"] == TRUE and not row["note"] and assessment.records.one(statement, "kind")
        if stated and not by_itself(assessment, drug, statement):
            told = f"{kind_word(assessment, statement)}: {_fact(assessment, row)}"
            facts[told].append(describe.short_name(assessment.records, iri_of(row["document"]["id"])))
    against = _ranked(held(entry["against"]))
    both = _ranked(held(entry["for"])) if against else []
    against_it: list[GlanceFact] = [{"text": fact, "by": list(dict.fromkeys(by))} for fact, by in facts.items()]
    return {
        "intervention": entry["intervention"],
        "label": entry["label"],
        "facts": [*against_it, *_harmed(assessment, drug)],
        "against": [_voice(assessment, voice) for voice in against[:_VOICES]],
        "more_against": max(0, len(against) - _VOICES),
        "recommended": [_voice(assessment, voice) for voice in both[:_VOICES]],
        "more_recommended": max(0, len(both) - _VOICES),
    }


def _fact(assessment: Assessment, row: Contraindication) -> str:
    """By which facts of the patient a contraindication holds, without how they came to be known."""
    statement = iri_of(row["id"])
    if any(statement in rules for rules in assessment.coverage.values()):
        return row["label"]
    told = [assessment.book.label(assessment.atom(iri), positive) for iri, positive in assessment.held_by(statement)]
    return ", ".join(told) or row["label"].partition(": ")[2] or row["label"]


def _establish(assessment: Assessment, entry: Therapy, therapy: str) -> list[str]:
    """The facts to establish, those of absolute contraindications first."""
    own = [fact for fact in entry["establish"] if not fact["alert"]]
    absolute = {assessment.records.label(s) for s in assessment.statements(therapy, ABSOLUTE)}
    own.sort(key=lambda fact: not absolute.intersection(fact["why"]))
    return [fact["label"] for fact in own]


def _notes(assessment: Assessment, entry: Therapy, therapy: str, within: str) -> list[str]:
    notes = [trial["text"] for trial in entry["tried"]]
    notes += [assessment.said("boundary", "only where definitions differ: {}", text) for text in entry["boundary"]]
    if within == "do-not-give" and entry["status"] != "contraindicated":
        notes += _check_first(assessment, therapy)
    if within == "not-now":
        first = later(assessment, therapy)[0]
        by = describe.short_name(
            assessment.records, assessment.records.one(first.statement, "statedIn"), first.statement
        )
        after = assessment.said("after", "after it")
        weeks = short(first.weeks, ROUND_UP) if first.weeks else ""
        when = assessment.said("within-weeks", "in {} weeks", weeks) if weeks else after
        notes.append(f"{by}, {when}: {'; '.join(first.lacking)}")
    if within == "disagree":
        notes += list(dict.fromkeys(pair["text"] for pair in entry["disagreements"]))[:1]
    return list(dict.fromkeys(notes))


def _check_first(assessment: Assessment, therapy: str) -> Iterable[str]:
    """The narrower forms of what the patient has that rule a therapy out, those of the same documents together."""
    documents: dict[str, dict[str, None]] = defaultdict(dict)
    for statement, atom in half_known(assessment, therapy):
        by = describe.short_name(assessment.records, assessment.records.one(statement, "statedIn"))
        documents[assessment.book.label(atom)][by] = None
    facts: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for fact, sources in documents.items():
        facts[tuple(sources)].append(fact)
    for by_all, together in facts.items():
        named = ", ".join(by_all[:_VOICES]) + (f" +{len(by_all) - _VOICES}" if len(by_all) > _VOICES else "")
        yield assessment.said("check-first", "check first: absolute in {} ({})", ", ".join(together), named)


def _placed(
    band: str, rows: list[GlanceFamily], is_so: Callable[[GlanceFamily, Callable[[Assessment, str], bool]], bool]
) -> list[GlanceFamily]:
    """The families of a band in their order: what is recommended for something of this patient's own before what is for
    everybody, what a warning holds of before what only has open questions, tests by what they come to, what comes later
    by its day, others as they stand in an answer."""
    first = {"recommended": of_this_patient, "if-checked": warned, "weak-ground": warned}.get(band)
    if first is not None:
        return sorted(rows, key=lambda row: not is_so(row, first))
    if band == "tests":
        return sorted(rows, key=lambda row: _TESTS.index(row["within"]) if row["within"] in _TESTS else len(_TESTS))
    return sorted(rows, key=lambda row: row["in_weeks"] or 0.0) if band == "not-now" else rows


def _next(answer: Assessed) -> list[GlanceQuestion]:
    """The first questions beside those of the alerts, which the glance shows on top; some of what may do the same."""
    alike: Counter[str] = Counter()
    rows: list[GlanceQuestion] = []
    for q in answer["questions"]:
        alike[q["decides"]] += 1
        if not q["signs"] and alike[q["decides"]] <= _ALIKE:
            rows.append({"label": q["label"], "key": q["key"], "families": q["families"], "decides": q["decides"]})
    return rows[:_QUESTIONS]
