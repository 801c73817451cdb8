"""Data to page, page to sealed PDF, PDF to facts for a verdict."""
