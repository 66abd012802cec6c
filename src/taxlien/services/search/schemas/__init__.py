"""What the search endpoints take and answer."""

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
    "answers",
]
