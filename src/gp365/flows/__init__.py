"""The shipped flows: one YAML file per business subject, groups of them, and default lookups. Data only."""
