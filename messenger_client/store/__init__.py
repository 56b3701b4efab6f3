"""What this device has, in one SQLite file. Each module holds the SQL of one noun, as functions on an open transaction;
database.py runs them, and what it has run is on disk."""
