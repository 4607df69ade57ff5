"""All SQL of gp365: links, work, intents, ledger, runs, parked, scratch, vault; on SQLite and PostgreSQL."""
