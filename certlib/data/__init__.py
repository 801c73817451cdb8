"""Facts shipped as data: divisions, departments, certificate types, sentences."""
