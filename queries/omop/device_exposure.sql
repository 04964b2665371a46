--+ id: omop/device_exposure
--+ question: Which devices do the records of these persons hold?
--+ params: persons "the person ids", first "the least of them", last "the greatest of them"
--+ empty-means: No device is recorded, which never says that nobody has one.
SELECT person_id, device_exposure_id AS id, device_concept_id, device_exposure_start_date, device_source_value
FROM device_exposure
WHERE person_id BETWEEN $first AND $last AND person_id IN (SELECT unnest($persons))
ORDER BY person_id
