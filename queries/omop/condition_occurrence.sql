--+ id: omop/condition_occurrence
--+ question: Which diagnoses, signs and symptoms do the records of these persons hold?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, condition_occurrence_id AS id, condition_concept_id, condition_start_date, condition_end_date,
       condition_status_concept_id, condition_status_source_value, stop_reason, visit_occurrence_id, condition_source_value,
       condition_source_concept_id
FROM condition_occurrence
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
