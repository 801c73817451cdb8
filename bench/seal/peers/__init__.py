"""Other signers beside ours, each in its own best mode: warm, its key held open where it can be."""
