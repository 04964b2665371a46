--+ id: omop/ancestors
--+ question: Which concepts stand above these, the nearest first?
--+ why: A concept that no mapping knows is read by the nearest concept above it that one does know.
--+ params: concepts "the concept ids"
--+ empty-means: The vocabulary tables hold nothing above these concepts.
SELECT TRY_CAST(a.descendant_concept_id AS BIGINT) AS concept,
       TRY_CAST(a.min_levels_of_separation AS BIGINT) AS levels,
       TRY_CAST(c.concept_id AS BIGINT) AS ancestor, c.concept_name, c.domain_id, c.vocabulary_id, c.concept_code,
       c.invalid_reason
FROM concept_ancestor AS a
JOIN concept AS c ON TRY_CAST(c.concept_id AS BIGINT) = TRY_CAST(a.ancestor_concept_id AS BIGINT)
WHERE TRY_CAST(a.descendant_concept_id AS BIGINT) IN (SELECT unnest($concepts))
  AND TRY_CAST(a.min_levels_of_separation AS BIGINT) > 0
ORDER BY ALL
