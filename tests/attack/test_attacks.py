"""A short share of each attack: whatever is tried, nothing breaks."""

import pytest

from tests.attack.attack import Attack, run
from tests.attack.kinds import KINDS

pytestmark = pytest.mark.long


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_share_of_the_attack_breaks_nothing(kind: type[Attack]) -> None:
    failures = run(kind, kind.share, seed=1)
    assert not [f"{attempt.tried}: {attempt.fault}" for attempt in failures]
