"""How facts of a patient are read in CQL, and how CQL writes texts, names and lists."""

from __future__ import annotations

from collections.abc import Iterable

from guidegraph import namespaces as ns
from guidegraph.export.fhir import parts as fhir
from guidegraph.knowledge.records import gg


def string(text: str) -> str:
    """A text of CQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted(name: str) -> str:
    """A name of CQL in quotation marks."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def comment(text: str) -> str:
    """A comment to the end of the line; a label cannot break out of it."""
    return "// " + (fhir.text(text) or "").replace("\n", " ")


def listed(iris: Iterable[str]) -> str:
    """A list of texts."""
    return "{ " + ", ".join(map(string, sorted(iris))) + " }"


def value_define(prop: str) -> str:
    """The define of the value of a number of the patient."""
    name = quoted(f"Value {ns.shorten(prop)}")
    return (
        f"define {name}:\n  First([Observation] O\n"
        f"    where exists ((O.code.coding) X where X.system.value + X.code.value = {string(prop)})\n"
        "    return (O.value as FHIR.Quantity).value.value)"
    )


#: The facts that the atoms read. A code is written as one text, its system and its code, which is the IRI of the term.
FACTS = f"""\
define "Stated present conditions":
  flatten ([Condition] R
    where exists ((R.verificationStatus.coding) V where V.code.value = 'confirmed')
    return ((R.code.coding) X return X.system.value + X.code.value))

define "Stated absent conditions":
  flatten ([Condition] R
    where exists ((R.verificationStatus.coding) V where V.code.value = 'refuted')
    return ((R.code.coding) X return X.system.value + X.code.value))

define "Stated present medications":
  flatten ([MedicationStatement] R
    where R.status.value = 'active'
    return (((R.medication as FHIR.CodeableConcept).coding) X return X.system.value + X.code.value))

define "Stated absent medications":
  flatten ([MedicationStatement] R
    where R.status.value = 'not-taken'
    return (((R.medication as FHIR.CodeableConcept).coding) X return X.system.value + X.code.value))

define "Had trials":
  [Procedure] R
    where R.status.value = 'completed' or R.status.value = 'in-progress'
    return Tuple {{
      codes: ((R.code.coding) X return X.system.value + X.code.value),
      outcome: First((R.outcome.coding) X return X.system.value + X.code.value),
      number: First((R.extension) N where N.url.value = {string(fhir.EXTENSION + "trial-weeks")}
        return (N.value as FHIR.Quantity).value.value) }}

define "Denied trials":
  [Procedure] R
    where R.status.value = 'not-done'
    return Tuple {{
      codes: ((R.code.coding) X return X.system.value + X.code.value),
      outcome: First((R.outcome.coding) X return X.system.value + X.code.value) }}

define "Stops":
  [MedicationStatement] R
    where R.status.value = 'stopped'
    return Tuple {{
      denied: exists ((R.modifierExtension) M where M.url.value = {string(fhir.EXTENSION + "denied")}
        and (M.value as FHIR.boolean).value),
      codes: (((R.medication as FHIR.CodeableConcept).coding) X return X.system.value + X.code.value),
      outcome: null as System.String,
      number: First((R.extension) N where N.url.value = {string(fhir.EXTENSION + "days-since-stop")}
        return (N.value as FHIR.Quantity).value.value) }}

define "Had stops":
  ("Stops") S where not S.denied

define "Denied stops":
  ("Stops") S where S.denied

define "Complete lists":
  flatten ([Observation] O
    where exists ((O.code.coding) X where X.system.value + X.code.value = {string(gg("completeFor"))})
    return (((O.value as FHIR.CodeableConcept).coding) X return X.system.value + X.code.value))

define "Suspended lists":
  flatten ([Observation] O
    where exists ((O.code.coding) X where X.system.value + X.code.value = {string(gg("notUnderstood"))})
    return (((O.value as FHIR.CodeableConcept).coding) X return X.system.value + X.code.value))

define "Other entries":
  [Observation] O
    where exists ((O.code.coding) X where X.system.value + X.code.value = {string(gg("understoodAsAnother"))})
    return Tuple {{
      codes: (((O.value as FHIR.CodeableConcept).coding) X return X.system.value + X.code.value) }}"""
