"""Conflicts: of mapping tables with themselves, of two hierarchies, and what the reasoner says."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph.terminologies import ExternalTerm, Mapping
from guidegraph.terminologies.conflicts import KINDS, Classes, hierarchy_conflicts, table_conflicts
from guidegraph.terminologies.consistency import consistency
from guidegraph.terminologies.linker import Linker, extract
from guidegraph.terminologies.modules import Module
from tests.support.linkable import IRI, rows
from tests.terminologies.test_sources import installed

E = "http://example.org/ours/"

#: Ours: animal > (bird > owl, fish), plant; animal and plant are disjoint.
OURS = """@prefix : <http://example.org/ours/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:animal a owl:Class ; rdfs:label "animal" . :plant a owl:Class ; rdfs:label "plant" .
:bird a owl:Class ; rdfs:subClassOf :animal ; rdfs:label "bird" .
:owl a owl:Class ; rdfs:subClassOf :bird ; rdfs:label "owl" .
:fish a owl:Class ; rdfs:subClassOf :animal ; rdfs:label "fish" .
:tree a owl:Class ; rdfs:subClassOf :plant ; rdfs:label "tree" .
[] a owl:AllDisjointClasses ; owl:members ( :animal :plant ) ."""


def ours() -> list[ox.Quad]:
    """Our made-up ontology."""
    return list(ox.parse(OURS, format=ox.RdfFormat.TURTLE))


def mapped(*pairs: tuple[str, str, str]) -> list[Mapping]:
    """Mapping rows of (class, predicate, code)."""
    return [Mapping(E + name, predicate, f"TOY:{code}", code.upper(), table="toy") for name, predicate, code in pairs]


def exactly(**pairs: str) -> list[Mapping]:
    """Exact mapping rows of class=code."""
    return mapped(*((name, "exact", code) for name, code in pairs.items()))


def hierarchy(**parents: str) -> Module:
    """A module of code="parent parent"; a code ending in _mix is a combination."""
    terms = {
        code: ExternalTerm(code, code.upper(), parents=tuple(above.split()), combination=code.endswith("_mix"))
        for code, above in parents.items()
    }
    return Module("toy", "TOY", "Toy", "1", "CC0", "toy.obo", "g", "", terms)


def found(table: list[Mapping], module: Module) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The hierarchy conflicts in short."""
    told = hierarchy_conflicts(table, Classes(ours()), module)
    return [(c.kind, tuple(iri.removeprefix(E) for iri in c.classes), c.codes) for c in told]


# ---------------------------------------------------------------- tables


def test_two_classes_on_one_code() -> None:
    table = [*exactly(owl="x", fish="x", tree="y"), *mapped(("bird", "broad", "x"), ("bird", "close", "y"))]
    (told,) = table_conflicts(table, Classes(ours()))
    assert (told.kind, told.codes) == ("two-classes-one-code", ("TOY:x", "TOY:x"))
    assert told.message == "fish and owl map exactly to TOY:x (X) [toy]"


def test_disjoint_classes_on_one_code_come_first() -> None:
    told = table_conflicts(exactly(owl="x", tree="x", fish="x"), Classes(ours()))
    assert [(c.kind, [i.removeprefix(E) for i in c.classes]) for c in told] == [
        ("disjoint-classes-one-code", ["fish", "tree"]),
        ("disjoint-classes-one-code", ["owl", "tree"]),
        ("two-classes-one-code", ["fish", "owl"]),
    ]


def test_a_row_told_twice_and_a_code_not_found_are_no_conflict() -> None:
    nothing = [Mapping(E + name, "exact", "") for name in ("owl", "fish")]
    assert table_conflicts([*exactly(owl="x"), *exactly(owl="x"), *nothing], Classes(ours())) == []


def test_disjointness_is_inherited_and_declared_either_way() -> None:
    classes = Classes(
        [
            *ours(),
            *ox.parse(f"<{E}owl> <http://www.w3.org/2002/07/owl#disjointWith> <{E}fish> .", format=ox.RdfFormat.TURTLE),
        ]
    )
    assert classes.disjoint(E + "owl", E + "tree") and classes.disjoint(E + "tree", E + "bird")
    assert classes.disjoint(E + "fish", E + "owl")
    assert not classes.disjoint(E + "fish", E + "bird")


def test_a_list_that_runs_into_itself_does_not_hang() -> None:
    text = OURS.replace(
        "[] a owl:AllDisjointClasses ; owl:members ( :animal :plant ) .",
        """
        [] a owl:AllDisjointClasses ; owl:members _:l .
        _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> :animal ;
            <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .""",
    )
    assert not Classes(ox.parse(text, format=ox.RdfFormat.TURTLE)).disjoint(E + "owl", E + "tree")


# ---------------------------------------------------------------- two hierarchies

ALL = {"animal": "a", "bird": "b", "owl": "o", "fish": "f", "tree": "t"}


def test_the_same_order_is_no_conflict() -> None:
    assert found(exactly(**ALL), hierarchy(a="", b="a", o="m", m="b", f="a", t="")) == []


def test_only_ours() -> None:
    assert found(exactly(**ALL), hierarchy(a="", b="a", o="", f="a", t="")) == [
        ("only-ours", ("owl", "bird"), ("TOY:o", "TOY:b"))
    ]


def test_only_theirs() -> None:
    assert found(exactly(**ALL), hierarchy(a="", b="a", o="b", f="b", t="")) == [
        ("only-theirs", ("fish", "bird"), ("TOY:f", "TOY:b"))
    ]


def test_the_opposite_order_is_told_once() -> None:
    assert found(exactly(bird="b", owl="o"), hierarchy(b="o", o="")) == [
        ("opposite-order", ("bird", "owl"), ("TOY:b", "TOY:o"))
    ]


def test_below_a_disjoint_class() -> None:
    assert found(exactly(**ALL), hierarchy(a="", b="a", o="b", f="a", t="f")) == [
        ("below-a-disjoint-class", ("tree", "fish"), ("TOY:t", "TOY:f"))
    ]


def test_of_a_chain_only_the_step_is_told() -> None:
    # owl below bird holds there, bird below animal does not: owl below animal is not told again.
    assert found(exactly(animal="a", bird="b", owl="o"), hierarchy(a="", b="", o="b")) == [
        ("only-ours", ("bird", "animal"), ("TOY:b", "TOY:a"))
    ]


def test_a_combination_is_below_nothing() -> None:
    assert found(exactly(fish="f_mix", bird="b"), hierarchy(b="", f_mix="b")) == []


def test_broad_narrow_and_close_matches_leave_both_orders_open() -> None:
    table = mapped(("bird", "broad", "b"), ("owl", "narrow", "o"), ("fish", "close", "f"), ("animal", "exact", "a"))
    assert found(table, hierarchy(a="", b="", o="", f="")) == []


def test_codes_that_are_not_in_the_module_are_not_compared() -> None:
    assert found(exactly(bird="b", owl="nowhere"), hierarchy(b="")) == []


def test_circles_do_not_hang() -> None:
    kinds = {kind for kind, _, _ in found(exactly(bird="b", owl="o"), hierarchy(b="o", o="b"))}
    assert kinds == {"opposite-order"}


# ---------------------------------------------------------------- the reasoner


@pytest.mark.slow
def test_a_sound_hierarchy() -> None:
    said = consistency(ours(), exactly(**ALL), hierarchy(a="", b="a", o="b", f="a", t=""), IRI)
    assert (said.sound, said.tested) == (True, 11)


@pytest.mark.slow
def test_a_clash_is_named_with_its_steps_and_counted_once() -> None:
    said = consistency(ours(), exactly(bird="b", tree="t"), hierarchy(t="", b="t"), IRI)
    assert said.consistent and not said.sound
    (clash,) = said.clashes
    assert (clash.label, clash.narrower) == ("bird", 1)
    assert clash.steps == (
        "bird is a kind of animal [ontology]",
        "bird is a kind of TOY:b (B) [mapping table toy]",
        "TOY:b (B) is a kind of TOY:t (T) [Toy]",
        "TOY:t (T) is a kind of tree [mapping table toy]",
        "tree is a kind of plant [ontology]",
        "animal and plant are disjoint [ontology]",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "sound"),
    [
        (mapped(("bird", "broad", "x"), ("tree", "broad", "x")), True),
        (mapped(("bird", "narrow", "x"), ("tree", "narrow", "x")), False),
        (mapped(("bird", "exact", "x"), ("tree", "exact", "x")), False),
        (mapped(("bird", "exact", "x"), ("tree", "narrow", "x")), False),
        (mapped(("bird", "exact", "x"), ("tree", "close", "x")), True),
    ],
)
def test_what_each_predicate_means(table: list[Mapping], sound: bool) -> None:
    assert consistency(ours(), table, hierarchy(x=""), IRI).sound is sound


@pytest.mark.slow
def test_the_reasoner_gets_what_is_mapped_and_above_and_one_code_for_those_below_the_same() -> None:
    """d and e are below both, c below one only; g is a combination, h below d: of these one of d, e, h is tested."""
    module = hierarchy(a="", b="a", t="", c="b", d="b t", e="t b", g_mix="b t", h="d")
    said = consistency(ours(), exactly(bird="b"), module, IRI)
    assert (said.sound, said.tested) == (True, 6 + 2)
    said = consistency(ours(), exactly(bird="b", tree="t"), module, IRI)
    assert said.tested == 6 + 4
    (clash,) = said.clashes
    assert (clash.label, clash.narrower) == ("TOY:d (D)", 2)


@pytest.mark.slow
def test_the_reasoner_and_the_structure_agree() -> None:
    """On random hierarchies and exact mappings HermiT finds a class dead exactly where one stands below two disjoint
    classes, and a conflict that speaks of disjoint classes is told only there."""
    chance = random.Random(6)
    names, codes = ["animal", "bird", "owl", "fish", "tree", "plant"], [f"c{i}" for i in range(7)]
    seen = set()
    for _ in range(12):
        module = hierarchy(
            **{code: " ".join(chance.sample(codes[:i], min(i, chance.randint(0, 2)))) for i, code in enumerate(codes)}
        )
        table = exactly(**{name: chance.choice(codes) for name in chance.sample(names, chance.randint(2, 4))})
        classes = Classes(ours())
        sound = consistency(ours(), table, module, IRI).sound
        seen.add(sound)
        assert sound == (not _dead(table, module, classes)), (module.terms, table)
        kinds = {c.kind for c in [*table_conflicts(table, classes), *hierarchy_conflicts(table, classes, module)]}
        assert not (sound and kinds & {"disjoint-classes-one-code", "below-a-disjoint-class"})
    assert seen == {True, False}


def _dead(table: list[Mapping], module: Module, classes: Classes) -> list[str]:
    """Codes that stand, by any chain of orders and exact matches, below two disjoint classes."""
    above: dict[str, set[str]] = {}
    for term in module.terms.values():
        above.setdefault(f"TOY:{term.code}", set()).update(f"TOY:{p}" for p in term.parents)
    for row in table:
        above.setdefault(row.subject, set()).add(row.curie)
        above.setdefault(row.curie, set()).add(row.subject)
    dead = []
    for start in [*above, *(E + name for name in ("owl", "bird", "fish", "tree"))]:
        reached, waiting = {start}, [start]
        while waiting:
            node = waiting.pop()
            new = (above.get(node, set()) | set(classes.above(node))) - reached
            reached |= new
            waiting.extend(new)
        if {E + "animal", E + "plant"} <= reached:
            dead.append(start)
    return dead


# ---------------------------------------------------------------- the command, and real hierarchies


@pytest.mark.slow
def test_the_command_lists_conflicts_by_kind(base: Path, tmp_path: Path, cli: Any) -> None:
    here = ("--knowledge", str(base))
    assert cli("link", str(tmp_path / "toy.obo"), "--prefix", "TOY", "--no-reasoner", *here).returncode == 0
    done = cli("mappings", "conflicts", *here, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["compared"] == ["toy"]
    assert [(c["kind"], c["classes"], c["codes"]) for c in report["conflicts"]] == [
        ("only-theirs", ["ggt:Cancer", "ggt:Sciatica"], ["TOY:left", "TOY:part"])
    ]
    table = base / "ontology/links/toy.sssom.tsv"
    table.write_text(
        table.read_text(encoding="utf-8")
        + "ggt:LowBackPain\tlow back pain\tskos:exactMatch\tTOY:part\tpart\tsemapv:ManualMappingCuration\n",
        encoding="utf-8",
    )
    done = cli("mappings", "conflicts", *here, "--source", "toy")
    assert done.returncode == 1
    assert "low back pain and sciatica map exactly to TOY:part (part)" in " ".join(done.stdout.split())


def test_the_command_with_nothing_linked_and_with_no_such_source(base: Path, cli: Any) -> None:
    done = cli("mappings", "conflicts", "--knowledge", str(base))
    assert done.returncode == 0 and "no linked hierarchy" in done.stdout
    done = cli("mappings", "conflicts", "--knowledge", str(base), "--source", "nowhere")
    assert done.returncode == 2 and "no linked hierarchy or source 'nowhere'" in done.stderr


@pytest.fixture(scope="module")
def shipped() -> Classes:
    """The shipped class hierarchy."""
    return Classes(Linker().ontology())


@pytest.mark.slow
def test_mondo_puts_piriformis_syndrome_under_sciatica(shipped: Classes) -> None:
    table = rows(("Sciatica", "exact", "MONDO:0024333"), ("PiriformisSyndrome", "exact", "MONDO:0043320"))
    (told,) = hierarchy_conflicts(table, shipped, extract(installed("mondo"), table).module)
    assert told.kind == "only-theirs"
    assert "MONDO:0043320 (piriformis syndrome) is below MONDO:0024333 (sciatica) there" in told.message


@pytest.mark.slow
def test_mesh_does_not_put_sciatica_under_back_pain_as_hpo_does(shipped: Classes) -> None:
    table = rows(
        ("Sciatica", "exact", "HP:0011868"),
        ("LowBackPain", "exact", "HP:0003418"),
        ("Sciatica", "exact", "MESH:D012585"),
        ("LowBackPain", "exact", "MESH:D001416"),
    )
    (told,) = hierarchy_conflicts(table, shipped, extract(installed("hpo"), table).module)
    assert "HP:0011868 (Sciatica) is below HP:0003418 (Back pain) there" in told.message
    mesh = extract(installed("mesh"), table).module
    assert mesh.terms["D001416"].label == "Back Pain"
    assert hierarchy_conflicts(table, shipped, mesh) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mondo", "mesh", "hpo", "icd10cm", "icd10", "icd11", "chebi", "atc"])
def test_the_shipped_mappings_hold_together_with_each_hierarchy(name: str) -> None:
    """Our ontology stays consistent with every linked hierarchy. The only clashes are codes that stand for a condition
    and a finding at once, which one patient may have both; each is named down to the two disjoint classes."""
    linker, found = Linker(), installed(name)
    module = extract(found, linker.mappings).module
    said = consistency(linker.ontology(), linker.mappings, module, linker.terminology(found.prefix).iri)
    assert said.consistent
    assert {clash.steps[-1] for clash in said.clashes} <= {"condition and finding are disjoint [ontology]"}
    assert all(any("[mapping table " in step for step in clash.steps) for clash in said.clashes)


def test_the_shipped_mappings_give_no_class_of_ours_the_code_of_another() -> None:
    linker = Linker()
    assert len(linker.mappings) > 1000
    assert table_conflicts(linker.mappings, Classes(linker.ontology())) == []


def test_numbers_may_share_a_unit() -> None:
    unit = [Mapping(E + name, "exact", "UCUM:wk") for name in ("duration", "pregnancy")]
    text = f"<{E}duration> a <http://www.w3.org/2002/07/owl#DatatypeProperty> . <{E}pregnancy> a <http://www.w3.org/2002/07/owl#DatatypeProperty> ."
    quads = [*ours(), *ox.parse(text, format=ox.RdfFormat.TURTLE)]
    assert table_conflicts(unit, Classes(quads)) == []


def test_every_kind_is_told_in_words() -> None:
    assert list(KINDS)[:2] == ["disjoint-classes-one-code", "two-classes-one-code"]
    assert all(KINDS.values())
