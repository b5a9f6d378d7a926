"""All tables in one metadata, for migrations: importing the models of every feature is what fills it."""

from app.agents import models as _agents
from app.callbacks import models as _callbacks
from app.calls import matches as _matches
from app.calls import models as _calls
from app.cases import models as _cases
from app.clients import models as _clients
from app.contracts import models as _contracts
from app.identity import models as _identity
from app.infra.tables import Record
from app.lines import models as _lines
from app.policies import models as _policies
from app.projects import models as _projects
from app.recordings import models as _recordings
from app.voicemail import models as _voicemail

FEATURES = (
    _agents,
    _callbacks,
    _calls,
    _cases,
    _clients,
    _contracts,
    _identity,
    _lines,
    _matches,
    _policies,
    _projects,
    _recordings,
    _voicemail,
)

metadata = Record.metadata
