"""One use case a file: each reads as the numbered steps of what it does."""
