"""The vocabulary: frozen values that every room speaks in. Nothing here reads a file, a clock or a network."""
