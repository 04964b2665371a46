--+ id: omop/drug_exposure
--+ question: Which drugs were these persons exposed to, from when to when?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: Nothing is recorded, which never says that there is nothing.
SELECT person_id, drug_exposure_id AS id, drug_concept_id, drug_exposure_start_date, drug_exposure_end_date, verbatim_end_date,
       days_supply, refills, stop_reason, drug_source_value, drug_source_concept_id
FROM drug_exposure
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
