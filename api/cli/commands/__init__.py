"""One module per command; each holds `command`, loaded when it is asked for."""
