"""The wire: what requests and answers look like. The domain has never heard of it."""
