"""From a profile to an assessment: the index, the steps, and what is read out of them."""
