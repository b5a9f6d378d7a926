"""Puts everything together, in one place: read this to see who knows whom."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from app.callbacks.keeping import Callbacks
from app.callbacks.service import CallbackService
from app.callbacks.tasks import CallbackTasks
from app.calls.lost import LostCalls
from app.calls.matches import store_matches
from app.calls.recording import Recorder
from app.calls.repository import figures_since, store_calls, store_decisions, store_events
from app.desk.service import DeskService
from app.directing.service import Directing
from app.directory import KnownDirectory
from app.effects import Effects
from app.explaining.service import Explaining
from app.identity.service import IdentityService
from app.inbound.rules import KnownRules, KnownTokens
from app.inbound.service import Inbound
from app.inbound.tasks import keep_rules_fresh
from app.infra import numbers
from app.infra.auth import SignedIn
from app.infra.chosen_database import open_database
from app.infra.db import AWAY, Database
from app.infra.places import chosen_place
from app.infra.writer import Writer
from app.live.pops import pop_row
from app.live.service import Live
from app.opening.service import OpeningService
from app.policymaking.service import Policymaking
from app.presence.service import PresenceService
from app.projects.models import DEFAULT_PROJECT
from app.pulse.service import Pulse
from app.recognition import Recognition
from app.recorder.listening import ListeningService
from app.recorder.service import RecorderService
from app.recorder.tasks import Keeper
from app.recordings.repository import store_seen
from app.rehearsal.jobs import Rehearsals
from app.reserving.service import Reserving
from app.selfservice.service import SelfService
from app.settings import PbxSettings, Settings
from app.switches import Switch, Switches, capture_of, endpoint_of
from app.voicemail.service import VoicemailService
from routing.facts import Load, Promise
from routing.policy import Policy
from screenpop.audience import device_of
from screenpop.sources import Day
from telephony.floor import Floor
from telephony.ids import CallId, PbxId

log = structlog.get_logger(__name__)

SESSIONS_EVERY_S = 3600.0
LAST_WORDS_S = 5.0
"""At the end: how long what is not yet stored may take."""


@dataclass
class Services:
    """What endpoints use."""

    settings: Settings
    database: Database
    identity: IdentityService
    inbound: Inbound
    live: Live
    presence: PresenceService
    desk: DeskService
    switches: Switches
    pulse: Pulse
    recorder: RecorderService
    listening: ListeningService
    explaining: Explaining
    policymaking: Policymaking
    rehearsals: Rehearsals
    opening: OpeningService
    selfservice: SelfService
    voicemail: VoicemailService
    callbacks: CallbackService


class Known:
    """What the directed executor looks up, in memory."""

    def __init__(
        self, directory: KnownDirectory, recognition: Recognition, policy: Callable[[], Policy]
    ) -> None:
        self.directed_lines = directory.directed_lines
        self.line_of = directory.line_of
        self.skills = directory.skills
        self.decided = recognition.decided
        self.policy = policy


class Callers:
    """What the desk may know of live calls."""

    def __init__(self, recognition: Recognition, live: Live) -> None:
        self.card = recognition.card
        self.show = recognition.show
        self._live = live

    def sees(self, call: str, user: SignedIn) -> bool:
        shown = self._live.screen.calls.get(call)
        return shown is not None and (
            user.role != "agent" or device_of(user.pbx, user.interface) in shown.parties
        )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The whole backend, without its HTTP side, until the block ends. What fails unexpectedly ends the block.

    Raises `TierlineError` when the database cannot be had or a setting is wrong.
    """
    project = DEFAULT_PROJECT
    place = chosen_place(settings)
    async with open_database(settings, migrate=True) as database:
        rules = KnownRules(database, settings.default_region)
        await rules.refresh(project)

        def policy() -> Any:
            return rules.last_known(project).policy

        directory = KnownDirectory(database, project, settings.default_region, policy)
        await directory.refresh()
        identity = IdentityService(database, project, session_hours=settings.session_hours)
        events = Writer("call_events", database, store_events)
        live = Live(directory, on_shown=lambda pop: events.put(project, pop_row(pop)))
        live.begin_day(await _figures_of_today(database, project))
        recognition = Recognition(
            database, project, settings.default_region, policy, live.know, directory.number
        )

        def tier_of(pbx: PbxId, call: CallId) -> str | None:
            known = recognition.identity(pbx, call)
            return known.tier if known else None

        pulse = Pulse(database, project, directory, policy, tier_of)
        await pulse.learn()
        decisions = Writer("decisions", database, store_decisions)
        calls = Writer("calls", database, store_calls)
        switches = Switches()
        presence = PresenceService(
            database,
            switches,
            project,
            lambda *agent: directing.may_rest(*agent) and reserving.may_rest(*agent),
            lambda: policy().rules.breaks == "refuse",
        )

        def promised(_project: int, client: int) -> Promise | None:
            found = callbacks.promised([client], None)
            return Promise(found.id, found.joined_at, found.topic) if found else None

        inbound = Inbound(
            database,
            rules,
            KnownTokens(identity.check_service_token),
            recognition.remember,
            decisions.put,
            deadline_ms=settings.lookup_deadline_ms,
            region=settings.default_region,
            loads=partial(_load, switches, pulse),
            promised=promised,
        )
        desk = DeskService(database, Callers(recognition, live), policy, settings.default_region)
        rehearsals = Rehearsals(database)
        identity.on_ended(live.sign_out)

        async with asyncio.TaskGroup() as tasks:
            everything: list[asyncio.Task[Any]] = []

            def spawn(work: Coroutine[Any, Any, None]) -> None:
                everything.append(task := tasks.create_task(work))
                task.add_done_callback(everything.remove)

            recordings = Writer("recordings", database, store_seen)
            keepers: dict[PbxId, Keeper] = {}
            voicemail = VoicemailService(
                database,
                project,
                lambda line: rules.last_known(project).lines.reply_minutes(line),
                lambda line, since: rules.last_known(project).lines.opens(line, since),
            )
            recorder = RecorderService(
                database,
                project,
                switches,
                switches.floor,
                policy,
                directory.line_of,
                tier_of,
                recordings.put,
                spawn,
                keepers,
            )
            reserving = Reserving(switches, directory, pulse.line, spawn)
            callbacks = Callbacks(
                database,
                project,
                switches,
                policy,
                lambda raw: numbers.parse(raw, settings.default_region).e164,
                lambda *call: known.client_id if (known := recognition.identity(*call)) else None,
                directory.line_of,
                recognition.promised,
                lambda line, now: rules.last_known(project).lines.is_open(line, now),
                spawn,
            )
            callback_tasks = CallbackTasks(callbacks, database, project, switches, policy, reserving.spare)
            await callback_tasks.read()
            matches = Writer("matches", database, store_matches)
            directing = Directing(
                switches,
                Known(directory, recognition, policy),
                pulse,
                partial(matches.put, project),
                presence.set_aside,
                spawn,
                callbacks,
                lambda pbx, call, why: callbacks.offer(pbx, call, tier_of(pbx, call)),
            )
            recognition.on_decided(directing.known)
            callbacks.on_over(directing.callback_over)
            effects = Effects(
                project,
                Recorder(directory.line_of, directory.number),
                calls,
                events,
                recognition.identity,
                recognition.recognise,
                presence.restore,
                spawn,
                [pulse, reserving, recorder, LostCalls(database, project, spawn), callbacks, directing],
            )

            def directory_changed() -> None:
                switches.know_phones(directory.phones)
                live.directory_changed()

            async def policy_in_force(project_id: int) -> None:
                await rules.refresh(project_id)
                directing.policy_changed()

            for name, pbx in settings.pbx.items():
                switch = _switch(name, pbx, directory, live, effects)
                switches.add(switch)
                for work in (switch.reader.run(), switch.link.run(), switch.tick(), switch.check.run()):
                    spawn(work)
                spawn(switch.watch_clock(live.clock))
                spawn(directing.beat(switch.pbx))
                if pbx.recordings is not None:
                    keepers[switch.pbx] = Keeper(
                        switch.pbx,
                        pbx.recordings,
                        place,
                        database,
                        project,
                        partial(recorder.recorded, switch.pbx),
                        voicemail.file,
                    )
                    spawn(keepers[switch.pbx].run())
            for work in (
                decisions.run(),
                calls.run(),
                events.run(),
                recordings.run(),
                matches.run(),
                directing.run(),
                keep_rules_fresh(rules),
                directory.keep_fresh(directory_changed),
                live.keep_fresh(),
                pulse.run(),
                callback_tasks.run(),
                reserving.run(),
                live.watch_sessions(identity.check_open),
                _forget_expired(identity),
                rehearsals.run(),
            ):
                spawn(work)
            yield Services(
                settings,
                database,
                identity,
                inbound,
                live,
                presence,
                desk,
                switches,
                pulse,
                recorder,
                ListeningService(database, place, switches.floor),
                Explaining(database, lambda pbx, call: directing.hindrance_now(PbxId(pbx), CallId(call))),
                Policymaking(database, policy_in_force),
                rehearsals,
                OpeningService(database, project, partial(rules.refresh, project)),
                SelfService(database, settings.default_region),
                voicemail,
                CallbackService(
                    database,
                    policy,
                    settings.default_region,
                    callbacks.changed,
                    callbacks.call_now,
                    lambda line, since: rules.last_known(project).lines.opens(line, since),
                ),
            )
            await reserving.lift()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await asyncio.gather(
                        decisions.stored(),
                        calls.stored(),
                        events.stored(),
                        recordings.stored(),
                        matches.stored(),
                    )
            for task in list(everything):
                task.cancel()


def _load(switches: Switches, pulse: Pulse, pbx: str, line: str) -> Load | None:
    """How much a line has to do; None while its floor is not to be believed."""
    floor = switches.floor(PbxId(pbx))
    if floor is None or floor.stale:
        return None
    now = pulse.line(PbxId(pbx), line)
    return Load(sum(now.waiting.values()), now.agents, now.ewt_s)


async def _figures_of_today(database: Database, project: int) -> dict[tuple[str, str], Day]:
    """What was counted before this process began, so that a restart does not empty the wallboard."""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    async with database.raw(project) as connection:
        return {
            (row["line"], row["tier"]): Day(
                row["offered"],
                row["answered"],
                row["abandoned"],
                row["answered_in_target"],
                row["abandoned_in_target"],
            )
            for row in await figures_since(connection, midnight)
        }


async def _forget_expired(identity: IdentityService) -> None:
    """Until cancelled."""
    while True:
        try:
            await identity.delete_expired()
        except AWAY as error:
            log.warning("sessions_not_deleted", error=str(error))
        await asyncio.sleep(SESSIONS_EVERY_S)


def _switch(
    name: str, settings: PbxSettings, directory: KnownDirectory, live: Live, effects: Effects
) -> Switch:
    pbx = PbxId(name)
    floor = Floor(pbx, directory.phones(pbx))
    return Switch(endpoint_of(name, settings), floor, live, effects, capture_of(settings))
