"""Fixtures for all tests. The run's PostgreSQL and Redis are started by tests/plugin.py."""
