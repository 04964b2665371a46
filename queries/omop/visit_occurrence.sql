--+ id: omop/visit_occurrence
--+ question: On which days were these persons seen?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: No visit is recorded, so that no start of a diagnosis is known to be the day of one.
SELECT person_id, visit_occurrence_id AS id, visit_start_date, visit_end_date
FROM visit_occurrence
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
