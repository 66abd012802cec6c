"""What the search endpoints take and answer."""

from .asking import SearchParameters
from .searching import (
    AutocompleteAnswer,
    DescribedSearchAnswer,
    FiltersAnswer,
    SearchAnswer,
    answers,
)

__all__ = [
    "AutocompleteAnswer",
    "DescribedSearchAnswer",
    "FiltersAnswer",
    "SearchAnswer",
    "SearchParameters",
    "answers",
]
