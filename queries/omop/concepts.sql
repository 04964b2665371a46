--+ id: omop/concepts
--+ question: What are these concepts in their own vocabularies?
--+ params: concepts "the concept ids"
--+ empty-means: The vocabulary tables do not hold these concepts.
SELECT TRY_CAST(concept_id AS BIGINT) AS concept, concept_name, domain_id, vocabulary_id, concept_code, invalid_reason
FROM concept
WHERE TRY_CAST(concept_id AS BIGINT) IN (SELECT unnest($concepts))
ORDER BY ALL
