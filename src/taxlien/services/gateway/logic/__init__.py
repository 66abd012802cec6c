"""Pure decisions of the gateway: routes, the proxy's configuration, the merged description, the page."""
