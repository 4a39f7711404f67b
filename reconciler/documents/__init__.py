"""The JSON documents: plan, result, drift, validation, snapshot, record. Each is written and read in one place."""
