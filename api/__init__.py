"""Settings, bootstrap, HTTP, command line, worker, web pages: where the parts meet."""
