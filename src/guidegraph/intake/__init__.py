"""From records in other forms (FHIR, tables of a data model) to profiles, with a report of every entry."""
