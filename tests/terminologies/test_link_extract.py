"""What is extracted of a hierarchy: what is mapped, and all above and below."""

from __future__ import annotations

from pathlib import Path

import pytest

from guidegraph.errors import LinkError
from guidegraph.terminologies import ExternalTerm
from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.linker import extract
from guidegraph.terminologies.modules import Module, read_module, write_module
from tests.support.linkable import PART, rows, toy
from tests.terminologies.test_sources import installed

# ---------------------------------------------------------------- extraction


def test_a_module_is_what_is_mapped_and_all_above_and_below(tmp_path: Path) -> None:
    found = extract(toy(tmp_path), PART)
    assert list(found.module.terms) == ["left", "lost", "old", "part", "thing"]
    assert found.mapped == ("part",)
    assert found.missing == ("nowhere",)
    assert found.module.prefix == "TOY" and found.module.licence == "CC0"
    assert found.module.title == 'The toy "ontology"'
    assert found.module.version == "toy/2026-01-01 (toy.obo)"
    assert "ancestors" in found.module.description and "5 of its terms" in found.module.description


def test_a_mapped_obsolete_code_brings_its_successor(tmp_path: Path) -> None:
    found = extract(toy(tmp_path), rows(("Sciatica", "exact", "TOY:lost")))
    assert {"lost", "left", "part", "thing"} <= set(found.module.terms)
    assert found.module.terms["lost"].replaced_by == ("left",)


def test_nothing_mapped_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="no mapping names a code of TOY"):
        extract(toy(tmp_path), rows(("Cancer", "exact", "ELSE:1")))
    with pytest.raises(LinkError, match="none of the 1 codes"):
        extract(toy(tmp_path), rows(("Cancer", "exact", "TOY:nowhere")))


def test_circles_are_told_and_do_not_hang(tmp_path: Path) -> None:
    text = "[Term]\nid: TOY:a\nname: a\nis_a: TOY:b\n\n[Term]\nid: TOY:b\nname: b\nis_a: TOY:a\n"
    found = extract(toy(tmp_path, text), rows(("Sciatica", "exact", "TOY:a")))
    assert found.circles == (("a", "b", "a"),)
    assert found.module.ancestors("a") == ("b",)


def test_ancestors_come_nearest_first_and_stop_at_a_combination() -> None:
    terms = {
        code: ExternalTerm(code, code, parents=parents, combination=code == "mix")
        for code, parents in {"a": ("b", "d"), "b": ("c",), "c": (), "d": ("mix",), "mix": ("c",)}.items()
    }
    module = Module("m", "TOY", "t", "v", "l", "s", "g", "", terms)
    assert module.ancestors("a") == ("b", "d", "c", "mix")
    assert module.ancestors("mix") == ()
    assert module.ancestors("nothing") == ()
    codes = Codes((), {}, lambda prefix: (module,), str)
    assert codes.children(module) == {"b": ["a"], "c": ["b"], "d": ["a"], "mix": ["d"]}


def test_excludes1_hold_for_all_below() -> None:
    terms = {
        "M54": ExternalTerm("M54", "", excludes=("F45.41",)),
        "M54.3": ExternalTerm("M54.3", "", parents=("M54",), excludes=("M54.4", "T36-T50")),
        "M54.30": ExternalTerm("M54.30", "", parents=("M54.3",)),
        "M54.4": ExternalTerm("M54.4", "", parents=("M54",)),
        "M54.40": ExternalTerm("M54.40", "", parents=("M54.4",)),
    }
    module = Module("m", "ICD10CM", "t", "v", "l", "s", "g", "", terms)

    def holder(code: str, other: str) -> str | None:
        """The code, or the one above it, that rules another out."""
        return next((c for c in (code, *module.ancestors(code)) if terms[c].rules_out(other)), None)

    assert holder("M54.30", "M54.40") == "M54.3"
    assert holder("M54.30", "F45.41") == "M54"
    assert holder("M54.30", "T36.0X1A") == "M54.3"
    assert holder("M54.30", "T50.9") == "M54.3"
    assert holder("M54.30", "T51.0") is None
    assert holder("M54.40", "M54.30") is None, "a note speaks for its own side"
    assert holder("M54", "M54.40") is None


# ---------------------------------------------------------------- a real package


def test_mondo_is_linked_by_its_ancestors_and_descendants(tmp_path: Path) -> None:
    found = extract(installed("mondo"), rows(("Sciatica", "exact", "MONDO:0024333"))).module
    labels = {term.label for term in found.terms.values()}
    assert {"sciatica", "piriformis syndrome", "neuralgia", "disease"} <= labels
    path = write_module(tmp_path, found, "http://purl.obolibrary.org/obo/MONDO_")
    assert read_module(path).terms == found.terms
    current = {code for code, term in found.terms.items() if not term.obsolete}
    assert {"0043320", *read_module(path).ancestors("0043320")} == current


def test_nothing_external_is_in_the_checkout(repo_root: Path) -> None:
    files = [path for name in ("ontology", "graph") for path in (repo_root / name).rglob("*.trig")]
    assert files
    assert not [path for path in files if "a gg:LinkedHierarchy" in path.read_text(encoding="utf-8")]
    assert not (repo_root / "links").exists()
