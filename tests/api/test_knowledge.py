"""The shipped knowledge against its sources, and the ontology's own promises."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.domains import first
from guidegraph.reading import read_quads
from guidegraph.reason import classify
from guidegraph.store import domain_files
from guidegraph.validate import passages as verify

ARTICLE = ns.GGD + "droracle-sciatica-2025"
GG = ns.GG


@pytest.fixture(scope="module")
def article(shared_dir: Path) -> Path:
    return shared_dir / "source" / "seed-article.txt"


@pytest.fixture(scope="module")
def facts(shared_dir: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((shared_dir / "source" / "clinical_facts.yaml").read_text(encoding="utf-8"))
    return found


def test_every_sentence_of_the_article_is_pointed_at(kb: Any, article: Path) -> None:
    text = article.read_bytes().decode()
    covered = bytearray(len(text))
    places = verify.places(kb.engine.select("answer/places"))[ARTICLE][1]
    for place in places:
        assert place.nodes, f"{place.id} is nobody's place"
        covered[place.start : place.end] = b"\1" * (place.end - place.start)
    left = "".join(c for c, seen in zip(text, covered, strict=True) if not seen)
    assert re.sub(r"[\s•]", "", left) == ""


def test_the_article_has_not_changed(kb: Any, article: Path) -> None:
    report = kb.verify_document(article)
    assert report.whole and report.ok and len(report.verdicts) > 80


def test_the_passages_themselves_are_not_copied(repo_root: Path, article: Path) -> None:
    sentences = [s.strip() for s in re.split(r"[\n.]", article.read_text(encoding="utf-8")) if len(s.strip()) > 75]
    trig = (repo_root / "graph/documents/droracle-sciatica-2025.trig").read_text(encoding="utf-8")
    for sentence in sentences:
        assert sentence[:70] not in trig


def altered(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "copy.txt"
    path.write_bytes(text.encode())
    return path


def states(kb: Any, path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for verdict in kb.verify_document(path).verdicts:
        found[verdict.state].add(verdict.place.id.rpartition("/")[2])
    return found


def test_a_word_inserted_is_a_change_and_what_follows_has_moved(kb: Any, article: Path, tmp_path: Path) -> None:
    text = (
        article.read_bytes()
        .decode()
        .replace("provides short-term relief of acute pain", "provides quick short-term relief of acute pain")
    )
    found = states(kb, altered(tmp_path, text))
    assert found["changed"] == {"loc-heat"}
    assert not found["vanished"] and "loc-massage" in found["moved"] and "loc-nsaid" in found["same"]


def test_a_sentence_moved_and_a_paragraph_deleted_are_told_apart(kb: Any, article: Path, tmp_path: Path) -> None:
    lines = article.read_bytes().decode().split("\n")
    moved = lines.pop(next(i for i, line in enumerate(lines) if "Massage therapy" in line))
    lines.insert(next(i for i, line in enumerate(lines) if "Advise patients" in line), moved)
    lines.pop(next(i for i, line in enumerate(lines) if line.startswith("The pathophysiology")))
    found = states(kb, altered(tmp_path, "\n".join(lines)))
    assert "loc-massage" in found["moved"]
    assert found["vanished"] == {"loc-mechanism"}
    assert not found["changed"]


def test_other_line_ends_are_explained(kb: Any, article: Path, tmp_path: Path) -> None:
    report = kb.verify_document(altered(tmp_path, article.read_bytes().decode().replace("\n", "\r\n")))
    assert not report.whole and "line ends" in report.note


def test_every_contraindication_of_the_facts_is_there(kb: Any, facts: dict[str, Any]) -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for node in kb.records.nodes:
        found = re.match(r".*/statement/[^/]+/(C-[A-Z0-9]+-[A-Z0-9]+)(-US)?$", node)
        if found and kb.records.one(node, "kind"):
            kinds[found[1]].add(kb.records.code(kb.records.one(node, "kind")))
    # A missing trial is a precondition of the recommendation that demands it, so it stands in that one's population.
    stated = [fact for fact in facts["contraindications"] if fact["id"] != "C-SCS-TRIAL"]
    assert set(kinds) == {fact["id"] for fact in stated}
    for fact in stated:
        word = fact["severity"].split()[0].strip(",;")
        wanted = {"absolute": "absolute", "relative": "relative", "general": "absolute"}.get(word, "warning")
        assert wanted in kinds[fact["id"]], fact["id"]


def test_every_fact_of_a_label_read_for_its_class_says_so(kb: Any, facts: dict[str, Any]) -> None:
    for fact in facts["contraindications"]:
        if "class_reading" in fact:
            nodes = [n for n in kb.records.nodes if n.endswith(f"/{fact['id']}")]
            assert nodes and all(n in kb.records.class_readings for n in nodes)


#: Everyday words and the phrases of the facts, by the kind of term that they must name.
PHRASES = {
    (
        "condition",
        "finding",
    ): """aspirin allergy|active GI bleeding|high blood pressure|slipped disc|
        saddle numbness|peri-operative pain in CABG surgery|severe hepatic impairment|severe renal impairment|heart failure NYHA class IV|
        recent MI|pregnancy|acute recovery phase after myocardial infarction|hypersensitivity|
        reduced renal function|arrhythmia|heart block or conduction disturbance|congestive heart failure|hyperthyroidism|
        significantly impaired hepatic function|significant renal impairment|significant hepatic impairment|systemic infection|bleeding disorder|
        acute spinal cord compression|patient refusal|poorly controlled diabetes|immunosuppression|spinal malignancy|severe osteoporosis|
        worsening neurological function|clotting disorder|poor local circulation|heat sensitivity|local malignancy|severe bleeding disorder|
        pacemaker or implanted electrical device|infection at injection site|myasthenia gravis|Lambert-Eaton|ALS|cannot operate the device|
        need for therapeutic diathermy|demand pacemaker|ICD|uncontrolled hypertension|narrow-angle glaucoma, uncontrolled|COPD|older age|
        sciatica|LBP|nonspecific LBP|chronic primary LBP|neurogenic claudication|central spinal canal stenosis|
        radiculopathy|lumbar radiculopathy|lumbosacral radicular syndrome|lumbar disc herniation with radiculopathy|spinal stenosis|piriformis syndrome|
        inflammatory arthropathy|cancer|trigeminal neuralgia""",
    (
        "intervention",
    ): """NSAIDs|paracetamol|acetaminophen|intravenous acetaminophen|amitriptyline|nortriptyline|duloxetine|gabapentin|pregabalin|
        cyclobenzaprine|tizanidine|metaxalone|epidural steroid injection|spinal manipulation|superficial heat|acupuncture|electroacupuncture|
        botulinum toxin|spinal cord stimulation|MAO inhibitor|cisapride|fluvoxamine|ciprofloxacin|SSRI|SNRI|tramadol|bupropion|meperidine|
        verapamil|linezolid|intravenous methylene blue|opioids|benzodiazepines|oral corticosteroids|systemic corticosteroids|anticoagulants|
        traction|TENS|PENS|interferential therapy|therapeutic ultrasound|belts or corsets|foot orthotics / rocker soles|yoga|
        mindfulness-based stress reduction|weak opioid|skeletal muscle relaxants|imaging|MRI|discectomy|massage|exercise|bed rest|
        multidisciplinary rehabilitation|cognitive behavioural therapy|anticonvulsants|gabapentinoids|tricyclics|antidepressants""",
}


@pytest.mark.parametrize("kinds", PHRASES, ids=lambda kinds: kinds[0])
def test_phrases_and_everyday_words_name_terms(kb: Any, kinds: tuple[str, ...]) -> None:
    for phrase in (p.strip() for p in PHRASES[kinds].split("|")):
        assert kb.vocabulary.resolve(phrase, kinds)


def test_no_name_belongs_to_two_terms(kb: Any) -> None:
    from guidegraph.profile.terms import normal

    owners: dict[str, set[str]] = defaultdict(set)
    for row in kb.vocabulary.rows:
        for name in row.names:
            owners[normal(name)].add(row.iri)
    assert not {name: iris for name, iris in owners.items() if len(iris) > 1}


def test_every_therapy_has_one_category(kb: Any) -> None:
    rows = defaultdict(set)
    for cls, _, category in kb.engine.select("answer/classes"):
        rows[cls].add(category)
    assert not {t: rows[t] for t in kb.records.edges if len(rows[t]) != 1 or rows[t] == {""}}


def test_comparisons_are_no_stance_and_combinations_hold_what_their_parts_hold(kb: Any) -> None:
    edges = kb.records.edges[ns.GGT + "BedRest"]
    assert not any("droracle" in statement for role in ("for", "against") for statement in edges.get(role, ()))
    both = kb.records.edges[ns.GGT + "NSAIDWithAcetaminophen"]
    assert set(kb.records.edges[ns.GGT + "NSAID"]["absolute"]) <= set(both["absolute"])
    assert "for" not in both
    # Advice against a part is advice against the combination, but not advice about the part alone.
    against = {s.rpartition("/")[2] for s in both["against"]}
    assert {"DK25-NSAID", "DK25-PARA", "DK25-COMB"} <= against and "NG59-PARA" not in against


@pytest.mark.slow
def test_hermit_finds_the_ontology_consistent_and_every_class_satisfiable() -> None:
    quads = [q for f in assets.files("ontology", "*.ttl") for q in read_quads(f)]
    for path in domain_files(first().folder)[1]:
        quads += read_quads(path)
    import pyoxigraph as ox

    found = classify([ox.Triple(q.subject, q.predicate, q.object) for q in quads])
    assert found.consistent and found.unsatisfiable == () and found.tested > 250


def test_every_ontology_file_states_version_and_licence() -> None:
    for path in assets.files("ontology", "*.ttl"):
        text = path.read_text(encoding="utf-8")
        assert "owl:versionIRI" in text and "licenses/by/4.0" in text, path
