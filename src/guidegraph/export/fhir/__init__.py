"""FHIR R4 and R5 resources: patients, recommendations, evidence and answers."""
