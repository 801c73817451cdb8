"""Reading evidence: an uploaded file to `certlib.evidence.FileFacts`."""
