"""A watcher of reading children that keeps what it is told."""


class Notes:
    """What a pool has told."""

    def __init__(self):
        self.begun, self.causes, self.readings = [], [], []

    def started(self, measures):
        self.begun.append(measures)

    def ended(self, cause):
        self.causes.append(cause)

    def read(self, reading):
        self.readings.append(reading)
