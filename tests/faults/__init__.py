"""Every call of the API with everything that can go wrong with it."""
