"""The Projects API: client, retries, and answers read into LiveProjects."""
