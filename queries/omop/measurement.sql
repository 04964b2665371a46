--+ id: omop/measurement
--+ question: Which measurements do the records of these persons hold?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, measurement_id AS id, measurement_concept_id, measurement_date, measurement_datetime, operator_concept_id,
       value_as_number, value_as_concept_id, unit_concept_id, measurement_source_value, measurement_source_concept_id,
       unit_source_value, value_source_value, measurement_event_id AS event_id, meas_event_field_concept_id AS event_field_concept_id
FROM measurement
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
