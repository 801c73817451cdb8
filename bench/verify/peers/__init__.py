"""Other verifiers beside ours, each in its own best mode: warm and in process where it can be."""
