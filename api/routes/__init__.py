"""Routes: each parses a request into a command and calls one use case."""
