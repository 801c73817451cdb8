"""What a certificate is and what may happen to it: pure domain, no I/O, no clock, no randomness."""
