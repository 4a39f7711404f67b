"""Every call of the API with every fault of the sandbox, judged by the server's history."""
