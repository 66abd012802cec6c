"""Where pages are kept as they came, so that today's parser can read them again tomorrow."""
