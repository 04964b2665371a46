--+ id: omop/observation
--+ question: Which observations do the records of these persons hold?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, observation_id AS id, observation_concept_id, observation_date, observation_datetime, value_as_number,
       value_as_string, value_as_concept_id, qualifier_concept_id, qualifier_source_value, unit_concept_id,
       observation_source_value, observation_source_concept_id, unit_source_value, value_source_value,
       observation_event_id AS event_id,
       obs_event_field_concept_id AS event_field_concept_id
FROM observation
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
