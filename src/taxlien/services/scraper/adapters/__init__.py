"""The outside world of collecting: county sites, and where raw pages are kept."""
