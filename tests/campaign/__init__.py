"""Real processes, killed: `reconciler apply` against a served sandbox, ended by signals at seeded moments."""
