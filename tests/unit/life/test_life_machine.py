"""Whatever is tried in whatever order, a life moves along the table and forgets nothing."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from certlib.errors import CertlibError
from certlib.states import REASONS, TRANSITIONS, Action, State, View
from tests.unit.life.builders import NOW, TODAY, decision, issued

ACTIONS = [action for action in Action if action is not Action.SEAL]


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.certificate = issued()
        self.now = NOW
        self.seen = list(self.certificate.history)

    @rule(
        action=st.sampled_from(ACTIONS),
        reason=st.integers(0, 8),
        day=st.dates(date(2024, 1, 1), TODAY + timedelta(days=3)),
    )
    def try_anything(self, action, reason, day):
        reasons = REASONS[action]
        wish = decision(action, reason=reasons[reason % len(reasons)].code, day=day)
        before = self.certificate
        try:
            self.certificate = before.decide(wish, actor="o", now=self.now)
        except CertlibError:
            assert self.certificate is before
            return
        assert TRANSITIONS[before.state, action] is self.certificate.state
        self.seen.append(self.certificate.history[-1])

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.certificate.state is State.VOIDED)
    @rule(action=st.sampled_from(ACTIONS))
    def voided_is_the_end(self, action):
        assert (State.VOIDED, action) not in TRANSITIONS

    @invariant()
    def history_is_whole(self):
        history = list(self.certificate.history)
        assert history == self.seen
        assert [step.sequence for step in history] == list(range(1, len(history) + 1))
        assert self.certificate.row_version == len(history)
        for earlier, later in pairwise(history):
            assert later.from_state is earlier.to_state
            assert later.recorded_at >= earlier.recorded_at
        assert history[-1].to_state is self.certificate.state

    @invariant()
    def ended_is_never_valid_afterwards(self):
        """Once a life has ended no later day shows it valid."""
        if self.certificate.state not in {State.ISSUED, State.SUSPENDED}:
            assert self.certificate.view_on(date(2027, 6, 1)) is not View.VALID


TestLife = Life.TestCase
