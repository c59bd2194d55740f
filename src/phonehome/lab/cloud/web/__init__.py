"""The cloud's web side: one file a service, each a plain tuple of routes."""
