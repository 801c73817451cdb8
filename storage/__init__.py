"""Tables, unit of work, outbox, object store, migrations."""
