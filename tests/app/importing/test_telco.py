"""A file as a telephone company has it: the published sample, an excerpt always and the whole where it is at hand."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from app.clients.card import cards_by_phone
from app.importing.rows import invented_phone
from app.infra.db import Database
from routing.policy import DEFAULT_POLICY
from tests.app.importing.conftest import TODAY, Import, figures

pytestmark = pytest.mark.db

ROOT = Path(__file__).parents[3]
EXCERPT = ROOT / "tests/fixtures/clients/telco_churn_excerpt.csv"
WHOLE = ROOT.parent / "shared/data/clients/ibm_telco_churn.csv"


async def test_its_columns_are_recognised_and_the_rest_kept(
    load: Import, database: Database, project_id: int
) -> None:
    assert figures(await load(EXCERPT.read_bytes(), generate_phones=True)) == (5, 0, 0, 0)
    async with database.connection() as connection:
        found = await cards_by_phone(connection, project_id, invented_phone("7590-VHVEG"), TODAY)
    (card,) = found.cards(DEFAULT_POLICY)
    assert (card.external_id, card.name, card.arpu) == ("7590-VHVEG", "7590-VHVEG", 29.85)


@pytest.mark.skipif(not WHOLE.exists(), reason="the whole sample is not here")
async def test_the_whole_of_it(load: Import, stored: Callable[..., Awaitable[list[Any]]]) -> None:
    content = WHOLE.read_bytes()
    assert figures(await load(content, "arpu=MonthlyCharges", generate_phones=True)) == (7043, 0, 0, 0)
    (client,) = await stored("SELECT facts FROM clients WHERE external_id = '7590-VHVEG'")
    assert '"Contract": "Month-to-month"' in client[0]
    assert '"tenure": "1"' in client[0]
    (mean,) = await stored("SELECT avg(amount)::float FROM client_revenue")
    assert mean[0] == pytest.approx(64.76, abs=0.01)
    assert figures(await load(content, generate_phones=True)) == (0, 0, 7043, 0)
