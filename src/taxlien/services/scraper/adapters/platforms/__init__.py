"""One folder a platform: its parser, its walk from page to page, and a file for every county's site."""
