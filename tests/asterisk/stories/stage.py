"""Where stories are played: a real switch, callers and phones, and the floor that watches them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Placed, Sipp, Turn
from app.infra.sipp_run import SippRun
from telephony.ami.actions import to_actions
from telephony.commands import Command
from telephony.floor import Floor
from tests.asterisk import sounds
from tests.asterisk.ami import Block, Ears
from tests.asterisk.stories.desk import Steps, calling
from tests.asterisk.stories.watcher import Watcher
from tests.fakes.routing_webhook import FakeWebhook, straight

SILENT = "1050"
"""A phone whose calls end without sound, as those of a browser."""

EXTRA = {
    "modules.conf": (
        "load=res_parking.so\nload=app_directed_pickup.so\nload=func_timeout.so\n"
        "load=app_chanspy.so\nload=app_confbridge.so\nload=app_read.so\n"
    ),
    "confbridge.conf": "[general]\n[room]\ntype=bridge\n[guest]\ntype=user\n",
    "queues.conf": (
        "[everybody]\nstrategy=ringall\ntimeout=15\nretry=1\nringinuse=no\njoinempty=yes\nleavewhenempty=no\n"
        "[quick](tierline-line)\ntimeout=1\n"
        "[careful](tierline-line)\nmemberdelay=1\n"
        "[shared](tierline-line)\nringinuse=yes\n"
        "[emptied](tierline-line)\nleavewhenempty=yes\n"
    ),
    "features.conf": ("[general](+)\natxferthreeway=*3\natxferdropcall=yes\n[featuremap](+)\natxfer=*2\n"),
    "res_parking.conf": (
        "[general]\n[default]\nparkext=700\nparkpos=701-709\ncontext=parked\nparkingtime=30\n"
        "comebacktoorigin=yes\ncomebackdialtime=5\nfindslot=first\n"
    ),
    "pjsip.conf": (
        f"[{SILENT}](tierline-phone)\naors={SILENT}\nauth={SILENT}\nrtp_timeout=1\nmedia_address=127.0.0.1\n"
        f"[{SILENT}](tierline-phone-auth)\nusername={SILENT}\npassword=silent\n[{SILENT}](tierline-phone-aor)\n"
    ),
    "extensions.conf": (
        "[agents](+)\n"
        "exten => _9X.,1,Dial(PJSIP/trunk/sip:${EXTEN:1}@${FAR},30)\n same => n,Hangup()\n"
        "exten => _*8XXXX,1,PickupChan(PJSIP/${EXTEN:2},p)\n same => n,Hangup()\n"
        "exten => _2XXX,1,Queue(sales,rt)\n same => n,Hangup()\n"
        "exten => _*9XXXX,1,Answer()\n same => n,ChanSpy(PJSIP/${EXTEN:2},qE)\n same => n,Hangup()\n"
        "exten => 800,1,ConfBridge(800,room,guest)\n same => n,Hangup()\n"
        "exten => 700,1,Park()\ninclude => parked\n"
        "[mobile]\nexten => _7.,1,Dial(PJSIP/trunk/sip:${EXTEN}@${FAR},30,U(press-1))\n same => n,Hangup()\n"
        "[press-1]\nexten => s,1,Read(KEY,,1,,1,2)\n"
        ' same => n,Set(GOSUB_RESULT=${IF($["${KEY}" = "1"]?:CONTINUE)})\n same => n,Return()\n'
        "[announcement]\nexten => s,1,Progress()\n same => n,Wait(30)\n same => n,Hangup()\n"
        "[short-wait]\nexten => s,1,Queue(support,r,,,1)\n same => n,Wait(1.2)\n same => n,Hangup(19)\n"
        "exten => long,1,Queue(support,r)\n same => n,Wait(1.2)\n same => n,Hangup(19)\n"
    ),
}
"""What a site may have beside the configuration we ship: parking, pick-up, feature codes, a way out."""


@asynccontextmanager
async def switch() -> AsyncIterator[tuple[LocalAsterisk, FakeWebhook]]:
    """One switch for many stories."""
    async with FakeWebhook() as webhook:
        pbx = LocalAsterisk(
            name="stories",
            webhook_url=webhook.url,
            webhook_token=webhook.token,
            dialplan_settings={"TIERLINE_QUEUE_OPTIONS": "rt", "TIERLINE_TURN": "1"},
            extra=EXTRA,
        )
        async with pbx:
            pbx.phone_passwords[SILENT] = "silent"
            yield pbx, webhook


@asynccontextmanager
async def stage(pbx: LocalAsterisk, webhook: FakeWebhook, file: Path) -> AsyncIterator["Stage"]:
    """Set for one story, cleared after it. `file`: where the raw AMI stream goes."""
    watcher = Watcher(pbx, file)
    async with Ears(pbx) as ears, Sipp(pbx) as sipp:
        await webhook.reset()
        await watcher.connect()
        try:
            yield Stage(pbx, webhook, ears, sipp, watcher)
        finally:
            await watcher.close()
            await ears.unstaff()


@dataclass(frozen=True)
class Stage:
    pbx: LocalAsterisk
    webhook: FakeWebhook
    ears: Ears
    sipp: Sipp
    watcher: Watcher

    @property
    def floor(self) -> Floor:
        return self.watcher.floor

    def line(self, queue: str) -> None:
        """Where the webhook sends callers."""
        self.webhook.answer = lambda _: straight(queue)

    async def phone(self, *extensions: str, ring_s: float = 0.1, talk_s: float | None = None) -> None:
        turn = Turn(ring_s) if talk_s is None else Turn(ring_s, talk_s)
        await self.sipp.phones(extensions, [turn])

    async def desk(self, extension: str, steps: Steps) -> None:
        await self.sipp.sign_in([extension], self._file(f"desk-{extension}", steps.text()), [], {})

    async def call(
        self, number: int = 1, *, patience_s: float = 20.0, talk_s: float = 20.0, dnis: str = "74951234567"
    ) -> Placed:
        """A client calls; his number is 7900000000 and one digit."""
        return await self.sipp.place(
            [Caller(f"7900000000{number}", dnis, "", None, False, patience_s, talk_s)]
        )

    async def sounding_phone(self, extension: str, hz: int) -> None:
        """A Local channel between two who speak is taken out by the switch; between two who are silent it stays."""
        await sounds.phone(self.sipp, self.pbx.run_dir, extension, hz)

    async def sounding_call(self, talk_s: float = 20.0) -> Placed:
        """The first client, who speaks."""
        caller = Caller("79000000001", "74951234567", "", None, False, 20.0, talk_s)
        return await sounds.call(self.sipp, self.pbx.run_dir, caller)

    async def far_phone(self, *, ring_s: float = 0.1, talk_s: float = 20.0, refuses: str = "") -> None:
        """Somebody outside who can be called: 9 and his number."""
        line = f"{round(ring_s * 1000)};{round(talk_s * 1000)};"
        address = self.pbx.trunk_address
        run: SippRun = (
            await self.sipp.start("agent_refuses", address, [], (), {"status": refuses})
            if refuses
            else await self.sipp.start("agent", address, [line], ())
        )
        await self.ask("Setvar", Variable="FAR", Value=f"{address}:{run.port}")

    async def answered_outside(self) -> str:
        """The name of the leg to somebody outside who was called and has answered."""
        heard = self.ears.heard

        def up() -> list[str]:
            return [one["Channel"] for one in heard if one["Event"] == "Newstate" and _answered(one)]

        await self.ears.until(lambda: bool(up()))
        return up()[-1]

    async def dials(self, extension: str, number: str, *, talk_s: float = 20.0) -> None:
        """An agent calls somebody by himself: a phone's own INVITE."""
        me, password = extension, self.pbx.phone_passwords[extension]
        steps = calling(me, password, number, talk_s)
        await self.sipp.start(
            self._file(f"dials-{extension}", steps), self.pbx.agent_address, [], ("-m", "1")
        )

    async def ask(self, action: str, **headers: str) -> Block:
        answer = await self.ears.ask(action, **headers)
        assert answer["Response"] in {"Success", "Goodbye"}, answer
        return answer

    async def order(self, command: Command) -> None:
        """What the product's link would send."""
        for action in to_actions(command):
            name = action.pop("Action")
            await self.ask(name, **{"Value": "", **action} if name == "Setvar" else action)

    async def channel(self, device: str) -> str:
        """The name of the latest channel of a device."""
        heard = self.ears.heard
        await self.ears.until(lambda: any(_is_new(one, device) for one in heard))
        return [one["Channel"] for one in heard if _is_new(one, device)][-1]

    async def joined(self, device: str) -> None:
        """Until the latest channel of a device hears somebody."""
        await self.ears.wait_for("BridgeEnter", Channel=await self.channel(device))

    async def talking(self, *extensions: str) -> None:
        """Until exactly these agents talk with a client."""
        await self._agents("talking", extensions)

    async def ringing(self, *extensions: str) -> None:
        await self._agents("ringing", extensions)

    async def _agents(self, what: str, extensions: tuple[str, ...]) -> None:
        wanted = {one if "/" in one else f"PJSIP/{one}" for one in extensions}
        await self.watcher.until(
            lambda: {a.interface for a in self.floor.agents.values() if getattr(a, what)} == wanted
        )

    async def client_hangs_up(self) -> None:
        await self.ask("Hangup", Channel=await self.channel("PJSIP/trunk"))

    async def over(self, calls: int = 1) -> None:
        """Until so many calls have come and gone."""
        told = self.watcher.calls
        await self.watcher.until(
            lambda: (
                sum(call.ended is not None for call in told) >= calls
                and not any(call.ended is None for call in told)
            )
        )

    def _file(self, name: str, text: str) -> Path:
        path = self.pbx.run_dir / f"{name}.xml"
        path.write_text(text)
        return path


def _answered(event: Block) -> bool:
    dialled = event["Uniqueid"] != event["Linkedid"]
    return dialled and event["Channel"].startswith("PJSIP/trunk-") and event["ChannelStateDesc"] == "Up"


def _is_new(event: Block, device: str) -> bool:
    return event["Event"] == "Newchannel" and event["Channel"].startswith(f"{device}-")
