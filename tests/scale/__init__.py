"""The Projects API's client, against a loopback server with scripted answers and in-process transports."""
