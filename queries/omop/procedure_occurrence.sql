--+ id: omop/procedure_occurrence
--+ question: Which procedures do the records of these persons hold?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, procedure_occurrence_id AS id, procedure_concept_id, procedure_date, procedure_source_value,
       procedure_source_concept_id
FROM procedure_occurrence
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
