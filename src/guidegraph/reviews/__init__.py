"""Reviews of the encoding: which of the steps in the graph count, where each review stands, what an approval covers."""

from guidegraph.reviews.coverage import REVIEW_GRAPHS
from guidegraph.reviews.judged import (
    APPROVED,
    ENTRIES,
    LAPSED,
    NONE,
    STEPS,
    Fault,
    Reviews,
    Standing,
    Step,
    has_reviews,
    index_quads,
    possible,
    slug,
)

__all__ = [
    "APPROVED",
    "ENTRIES",
    "LAPSED",
    "NONE",
    "REVIEW_GRAPHS",
    "STEPS",
    "Fault",
    "Reviews",
    "Standing",
    "Step",
    "has_reviews",
    "index_quads",
    "possible",
    "slug",
]
