"""Every story there is. Importing the modules fills the table."""

from tests.asterisk.stories import parties, rings, transfers, ways
from tests.asterisk.stories.tale import TALES

__all__ = ["TALES", "parties", "rings", "transfers", "ways"]
