"""Where the gateway gets what it shows: the services' descriptions, and the documentation page's files."""
