"""Persons of an OMOP Common Data Model, read as profiles."""
