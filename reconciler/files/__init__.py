"""The gate for every file of the repository that is read, and the gate for every file that is written."""
