"""Issuing from a file: rows read (JSONL, CSV, XLSX), turned into orders, sent in groups."""
