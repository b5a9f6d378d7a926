"""Every story there is. Importing the modules fills the table."""

from tests.asterisk.stories import directed, oddities, parties, rings, transfers, ways
from tests.asterisk.stories.tale import TALES

__all__ = ["TALES", "directed", "oddities", "parties", "rings", "transfers", "ways"]
