"""A switch of our own to set up wrongly: the one of the other tests stays as it is."""

from collections.abc import AsyncIterator

import pytest

from app.infra.asterisk import LocalAsterisk

USERS = """
[few](tierline-rights)
secret={secret}
write=call

[many](tierline-rights)
secret={secret}
write=all

[noisy]
secret={secret}
read=system,call,agent,user,reporting,dtmf,dialplan
write=call,agent,originate,reporting,user
"""


@pytest.fixture(scope="module")
async def pbx() -> AsyncIterator[LocalAsterisk]:
    """Besides our user as shipped: `few` and `many` rights, and `noisy` without event filters."""
    async with LocalAsterisk(dialplan_settings={"TIERLINE_DEFAULT_QUEUE": "support"}) as one:
        with (one.run_dir / "etc" / "manager.conf").open("a") as users:
            users.write(USERS.format(secret=one.ami_secret))
        await one.restart()
        yield one
