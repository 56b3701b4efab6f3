"""Wiring: settings, servers, processes. Nothing here knows what a message is."""
