"""Reviews of the encoding: what may follow what, by whom, what an approval covers and when it lapses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from guidegraph import api
from guidegraph.authoring.reviewing import review as take
from guidegraph.authoring.reviewing import reviews
from guidegraph.errors import GuideGraphError, KnowledgeError, UsageError
from guidegraph.knowledge.encodings import encoding_review
from guidegraph.reviews import Reviews
from guidegraph.validate import validate_files
from guidegraph.validate.check import check_knowledge
from tests.support.reviewable import DAY, DROPS, D, Folder

GUIDELINE = D + "guideline"
ADA = "0000-0002-1825-0097"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.made(tmp_path / "knowledge")


def test_a_statement_goes_from_submitted_to_approved(folder: Folder) -> None:
    assert folder.state() == "none" and folder.approved() == set()
    states = [folder.take(state)["state"] for state in ("submitted", "under review", "approved")]
    assert states == ["submitted", "under review", "approved"] == [s["state"] for s in folder.row()["steps"]]
    assert folder.approved() == {"drops"}


@pytest.mark.parametrize(
    ("before", "then", "possible"),
    [
        ((), "approved", "submit"),
        ((), "under review", "submit"),
        ((), "rejected", "submit"),
        (("submitted",), "approved", "start"),
        (("submitted",), "submitted", "start"),
        (("submitted",), "rejected", "start"),
        (("submitted", "under review"), "submitted", "approve or reject"),
        (("submitted", "under review", "approved"), "submitted", "reject"),
        (("submitted", "under review", "approved"), "approved", "reject"),
        (("submitted", "under review", "rejected"), "approved", "submit"),
    ],
)
def test_what_may_not_follow_is_refused_with_what_may(
    folder: Folder, before: tuple[str, ...], then: str, possible: str
) -> None:
    for state in before:
        folder.take(state)
    was = folder.file.read_bytes() if before else b""
    with pytest.raises(UsageError, match=f"Possible now: review {possible}"):
        folder.take(then)
    assert (folder.file.read_bytes() if before else b"") == was


def test_a_rejected_one_can_be_submitted_again_and_an_approval_taken_back(folder: Folder) -> None:
    folder.approve()
    assert folder.take("rejected", note="the dose is another")["state"] == "rejected"
    assert folder.approved() == set()
    folder.approve()
    assert folder.state() == "approved"


@pytest.mark.parametrize("by", ["Anna", "anna", "ANNA ", "Ánna"])
def test_the_encoder_cannot_approve_their_own(folder: Folder, by: str) -> None:
    folder.take("submitted", by=by)
    folder.take("under review", by=by)
    with pytest.raises(UsageError, match="nobody approves what they encoded"):
        folder.take("approved", by=by)


@pytest.mark.parametrize(
    ("encoder", "by", "why"),
    [
        ('ex:anna a gg:Encoder ; rdfs:label "Anna Example"@en', "Example, Anna", "nobody approves"),
        ('ex:anna a gg:Encoder ; rdfs:label "Anna Example"@en', "A. Example", "cannot be told"),
        ('ex:anna a gg:Encoder ; rdfs:label "Anna Example"@en', ADA, "cannot be told"),
        ('ex:anna a gg:Encoder ; rdfs:label "Anna Example"@en', f"Anna Example ({ADA})", "nobody approves"),
        (f"ex:anna a gg:Encoder ; owl:sameAs <https://orcid.org/{ADA}>", ADA, "nobody approves"),
        (f"ex:anna a gg:Encoder ; owl:sameAs <https://orcid.org/{ADA}>", "Berta", "cannot be told"),
        ('ex:anna a gg:Encoder ; rdfs:label "Anna Example"@en', "Berta Example", ""),
        ('ex:anna a gg:Encoder ; rdfs:label "Anna Example"@en', f"Berta Example ({ADA})", ""),
        ('ex:anna a gg:Encoder , prov:Organization ; rdfs:label "House"@en', ADA, ""),
        (
            'ex:anna a gg:Encoder ; owl:sameAs <https://orcid.org/0000-0001-5109-3700> ; rdfs:label "A"@en',
            f"A ({ADA})",
            "",
        ),
    ],
)
def test_a_person_is_known_by_name_and_by_orcid(folder: Folder, encoder: str, by: str, why: str) -> None:
    folder.change('ex:anna a gg:Encoder ; rdfs:label "Anna"@en', encoder)
    folder.take("submitted", by=by)
    folder.take("under review", by=by)
    if why:
        with pytest.raises(UsageError, match=why):
            folder.take("approved", by=by)
    else:
        assert folder.take("approved", by=by)["state"] == "approved"


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("0000-0002-1825-0098", "check digit"),
        ("0000-0002-1825-097", "not written as an ORCID"),
        ("https://orcid.org/0000-0002-1825", "not written as an ORCID"),
        ("", "names nobody"),
        ("12", "names nobody"),
    ],
)
def test_who_cannot_be_told_writes_nothing(folder: Folder, by: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        folder.take("submitted", by=by)
    assert not folder.reviews.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'gg:population ex:Aching ; gg:indication ex:Ache ;\n    gg:strengthWording "strong"',
            'gg:population ex:Aching ; gg:indication ex:Ache ;\n    gg:strengthWording "firm"',
            "recommendation 'Drops for ache': changed",
        ),
        (
            "gg:ofStatement s:drops ; gg:strength gg:Strong",
            "gg:ofStatement s:drops ; gg:strength gg:Conditional",
            "strength reading",
        ),
        (
            "xsd:minInclusive 4.0",
            "xsd:minInclusive 6.0",
            "population 'patients with ache for 4 weeks or more': changed",
        ),
        ('gg:passageDigest "2222', 'gg:passageDigest "9222', "locator"),
        (
            "s:salve a gg:Recommendation",
            "s:more a gg:StrengthReading ; gg:ofStatement s:drops .\ns:salve a gg:Recommendation",
            "added",
        ),
    ],
)
def test_an_approval_lapses_with_what_it_covers(folder: Folder, old: str, new: str, told: str) -> None:
    folder.approve()
    folder.change(old, new)
    row = folder.row()
    assert row["state"] == "lapsed" and any(told in text for text in row["changed"]), row["changed"]
    assert folder.approved() == set() and row["next"] == ["submit", "reject"]
    with pytest.raises(UsageError, match="approved no longer"):
        folder.take("approved")
    folder.approve(at=DAY + timedelta(days=1))
    assert folder.approved() == {"drops"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rdfs:label "Salve not for itch"@en', 'rdfs:label "Salve for no itch"@en'),
        ('rdfs:label "ache"@en', 'rdfs:label "ache"@en ; skos:altLabel "aching"@en'),
        (
            "gg:encodes d:guideline ; gg:encodedBy ex:anna",
            "gg:encodes d:guideline ; gg:encodedBy ex:anna ; gg:checkedBy ex:berta",
        ),
    ],
)
def test_an_approval_stands_when_something_else_changes(folder: Folder, old: str, new: str) -> None:
    folder.approve()
    folder.change(old, new)
    assert folder.state() == "approved"


def test_an_approval_of_a_document_covers_all_of_its_graph(folder: Folder) -> None:
    folder.approve(GUIDELINE)
    assert folder.approved() == {"drops", "salve"}
    kb = folder.open()
    review = encoding_review(kb.records, DROPS)
    assert review is not None and (review["of"], review["state"]) == ("document", "approved")
    folder.change('rdfs:label "Salve not for itch"@en', 'rdfs:label "Salve for no itch"@en')
    assert folder.state(GUIDELINE) == "lapsed" and folder.approved() == set()


def test_a_statement_rejected_by_itself_is_not_approved_by_its_document(folder: Folder) -> None:
    for state in ("submitted", "under review", "rejected"):
        folder.take(state)
    folder.approve(GUIDELINE)
    assert folder.approved() == {"salve"}


def test_a_second_reader_counts_as_before_and_the_encoder_is_none(folder: Folder) -> None:
    folder.change(
        "s:drops a gg:Recommendation",
        "s:drops gg:checkedBy ex:berta . s:salve gg:checkedBy ex:anna . s:drops a gg:Recommendation",
    )
    assert folder.approved() == {"drops"}


def test_days_go_forward_and_never_ahead(folder: Folder) -> None:
    folder.take("submitted")
    with pytest.raises(UsageError, match="before its last step"):
        folder.take("under review", at=DAY - timedelta(days=1))
    with pytest.raises(UsageError, match="to come"):
        folder.take("under review", at=date.today() + timedelta(days=1))
    folder.take("under review", at=DAY + timedelta(days=5))
    assert reviews(folder.open().knowledge, as_of=DAY)["reviews"][0]["state"] == "submitted"


def test_history_is_only_added_to_and_the_same_for_the_same_steps(folder: Folder, tmp_path: Path) -> None:
    folder.take("submitted", note='said "so"\nand so')
    before = folder.file.read_text(encoding="utf-8")
    folder.take("under review")
    after = folder.file.read_text(encoding="utf-8")
    assert after.startswith(before.rstrip())
    folder.file.unlink()
    folder.take("submitted", note='said "so"\nand so')
    folder.take("under review")
    assert folder.file.read_text(encoding="utf-8") == after


FORGERIES: dict[str, tuple[Callable[[str], str], str]] = {
    "another's name": (lambda text: text.replace("agent/berta", "agent/carla"), "digest of what it says"),
    "another statement": (lambda text: text.replace("statement/drops>", "statement/nowhere>"), "in no document"),
    "another day": (lambda text: text.replace("2024-06-02", "2024-06-01"), "digest of what it says"),
    "no digests": (lambda text: text.replace("prov:qualifiedUsage", "prov:used"), "lacks prov:used"),
    "no approver": (
        lambda text: text.replace("prov:wasAssociatedWith", "prov:wasStartedBy"),
        "lacks prov:wasAssociatedWith",
    ),
    "no state": (lambda text: text.replace("gg:EncodingApproved", "gg:ReviewDone"), "lacks gg:encodingState"),
    "other digests": (lambda text: text.replace('coveredDigest "', 'coveredDigest "0'), "digest of what it says"),
    "another graph": (lambda text: text.replace("graph/reviews/guideline", "graph/reviewed/guideline"), "outside"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_approval_never_counts_and_is_found(folder: Folder, name: str) -> None:
    folder.approve()
    forge, why = FORGERIES[name]
    folder.file.write_text(forge(folder.file.read_text(encoding="utf-8")), encoding="utf-8")
    assert folder.state() != "approved" and folder.approved() == set()
    told = reviews(folder.open().knowledge)["faults"]
    assert any(why in row["why"] for row in told), told
    report = validate_files([folder.file], knowledge=folder.root)
    assert any(r.shape.endswith("review-counts") and why in r.message for r in report.results), report.results
    with pytest.raises(GuideGraphError):
        folder.take("submitted")


def _forged(folder: Folder, **changes: Any) -> None:
    """A step that is named by what it says, as whoever reads the code could write one."""
    from dataclasses import replace

    from guidegraph.agents import read_agent
    from guidegraph.authoring import reviewing

    kb = folder.open()
    found = Reviews(kb.store)
    who = read_agent(changes.pop("by", "Berta"))
    last_iri, last = found.standings[DROPS].steps[-1]
    step = replace(last, state="approved", by=who.iri, previous=last_iri, covers=found.coverage.covered(DROPS))
    step = replace(step, **changes)
    block = reviewing._block(GUIDELINE, step, who)
    folder.file.write_text(folder.file.read_text(encoding="utf-8") + "\n" + block, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"by": "Anna"}, "nobody approves what they encoded"),
        ({"covers": {}}, "without the digests"),
        ({"day": date.today() + timedelta(days=2)}, "to come"),
        ({"day": DAY - timedelta(days=2)}, "before the step that it follows"),
        ({"state": "submitted"}, "does not follow"),
        ({"previous": "https://w3id.org/guidegraph/review/x/0"}, "follows a step that is not there"),
    ],
)
def test_a_step_that_breaks_the_rules_never_counts(folder: Folder, changes: dict[str, Any], why: str) -> None:
    folder.take("submitted")
    folder.take("under review")
    _forged(folder, **changes)
    assert folder.state() == "under review" and folder.approved() == set()
    report = validate_files([folder.file], knowledge=folder.root)
    told = {(r.shape.rpartition("/")[2], r.severity) for r in report.results if why in r.message}
    assert ("review-counts", "Violation") in told, report.results
    with pytest.raises(KnowledgeError, match="does not count"):
        folder.take("approved")


@pytest.mark.slow
def test_the_check_of_the_whole_tells_a_step_that_does_not_count(folder: Folder) -> None:
    folder.take("submitted")
    folder.take("under review")
    _forged(folder, by="Anna")
    ontology = sorted((folder.root / "ontology").glob("*.ttl"))
    report = check_knowledge(ontology=ontology, documents=[folder.document, folder.file], reasoner=False)
    why = "nobody approves what they encoded"
    assert any(f.rule == "review-counts" and why in f.message and f.severity == "error" for f in report.findings)


def test_of_two_steps_that_follow_one_neither_counts(folder: Folder) -> None:
    folder.take("submitted")
    folder.take("under review")
    before = folder.row()["steps"]
    previous = Reviews(folder.open().store).standings[DROPS].steps[-1][0]
    _forged(folder)
    assert folder.state() == "approved"
    _forged(folder, state="rejected", covers={}, previous=previous)
    assert folder.row()["steps"] == before
    assert folder.state() == "under review"


@pytest.mark.slow
def test_the_command_writes_and_lists(folder: Folder, cli: Callable[..., Any]) -> None:
    place = ("--knowledge", str(folder.root))
    done = cli("review", "submit", DROPS, "--by", f"Berta ({ADA})", "--at", "2024-06-02", *place)
    assert done.returncode == 0, done.stderr
    assert "possible now: start" in done.stdout and str(folder.file) in done.stdout
    listed = cli("review", "list", *place)
    assert "Waits for somebody to review it (1)" in listed.stdout and "2024-06-02 submitted by Berta" in listed.stdout
    refused = cli("review", "approve", DROPS, "--by", "Berta", *place)
    assert refused.returncode == 2 and "Possible now: review start" in refused.stderr
    unknown = cli("review", "submit", "nowhere", "--by", "Berta", *place)
    assert unknown.returncode == 2 and len(unknown.stderr.splitlines()) == 1
    conforms = cli("validate", str(folder.file), *place)
    assert conforms.returncode == 0, conforms.stdout


def test_a_review_lies_in_the_folder_of_its_domain(folder: Folder, tmp_path: Path) -> None:
    clinic, other = tmp_path / "clinic", tmp_path / "other"
    for place in (clinic, other):
        (place / "documents").mkdir(parents=True)
        name = place.name
        (place / "domain.yaml").write_text(f"id: {name}\nlabel: {name}\ndescription: {name}\n", encoding="utf-8")
    shutil.move(folder.document, clinic / "documents/clean.trig")
    kb = api.open_knowledge(folder.root, domains=[other, clinic])
    path, row = take(kb.knowledge, GUIDELINE, "submitted", by="Berta", at=DAY)
    assert path.parent == clinic / "reviews" and row["state"] == "submitted"
    again = api.open_knowledge(folder.root, domains=[clinic])
    assert reviews(again.knowledge)["reviews"][0]["state"] == "submitted"
