"""A stage with the action connection beside it: commands are given, and what follows is seen."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.infra.asterisk import LocalAsterisk
from telephony.ami.connection import Endpoint, Up
from telephony.ami.link import Link
from telephony.calls import Call
from telephony.changes import Change
from telephony.commands import Command, Done, Refused
from telephony.ids import ChannelId, PbxId
from tests.asterisk.stories.desk import Steps
from tests.asterisk.stories.stage import Stage, stage
from tests.fakes.pauses import running
from tests.fakes.routing_webhook import FakeWebhook


@dataclass(frozen=True)
class Orders:
    on: Stage
    link: Link

    async def done(self, command: Command) -> None:
        outcome = await self.link.execute(command)
        assert isinstance(outcome, Done), outcome

    async def refused(self, command: Command) -> str:
        """The words."""
        outcome = await self.link.execute(command)
        assert isinstance(outcome, Refused), outcome
        return outcome.message

    async def leg(self, device: str) -> ChannelId:
        """The id of the latest channel of a device."""
        name = await self.on.channel(device)
        heard = self.on.ears.heard
        return ChannelId(next(one["Uniqueid"] for one in reversed(heard) if one.get("Channel") == name))

    async def talk(self, *, sound: bool = False) -> tuple[ChannelId, ChannelId]:
        """A client talks with 1001: the client's leg and the agent's. `sound`: the agent can be heard."""
        await (self.phone_with_sound("1001") if sound else self.on.phone("1001"))
        await self.on.ears.staff("support", "1001")
        await self.on.call()
        await self.on.talking("1001")
        legs = await self.leg("PJSIP/trunk"), await self.leg("PJSIP/1001")
        for leg in legs:  # the line says "connected" a moment before they are
            await self.on.ears.wait_for("BridgeEnter", Uniqueid=leg)
        return legs

    async def wait(self, number: int = 1) -> ChannelId:
        """One more client waits for support: the client's leg."""
        before = self.waiting()
        await self.on.call(number)
        await self.on.watcher.until(lambda: len(self.waiting()) > len(before))
        (new,) = set(self.waiting()) - set(before)
        return new

    def waiting(self, queue: str = "support") -> list[ChannelId]:
        """As the floor believes, first to be served first."""
        known = self.on.floor.queues.get(queue)  # type: ignore[call-overload]
        return [place.channel for place in known.waiting] if known else []

    def name(self, channel: ChannelId) -> str:
        heard = self.on.ears.heard
        return next(one["Channel"] for one in heard if one.get("Uniqueid") == channel and "Channel" in one)

    def call_of(self, channel: ChannelId) -> Call:
        return next(call for call in self.on.floor.calls.values() if channel in call.legs)

    async def changed(self, kind: type[Change]) -> None:
        """Until the floor has told such a change."""
        watcher = self.on.watcher
        await watcher.until(lambda: any(isinstance(change, kind) for change in watcher.changes))

    async def phone_that_wants(self, extension: str, header: str, value: str) -> None:
        """A phone that takes only calls with this SIP header."""
        wanted = (
            f'<ereg regexp="{value}" search_in="hdr" header="{header}:" check_it="true" assign_to="seen"/>'
        )
        text = Steps().stay().text().replace("<action>", f"<action>{wanted}", 1)
        mention = '<nop><action><log message="[$seen]"/></action></nop>\n</scenario>'
        path = self.on.pbx.run_dir / f"wants-{extension}.xml"
        path.write_text(text.replace("</scenario>", mention))
        await self.on.sipp.sign_in([extension], path, [], {})

    async def phone_with_sound(self, extension: str) -> None:
        """A phone that sends a hiss (A-law) from its answer on, as a real one sends sound; the others send none."""
        hiss = self.on.pbx.run_dir / "hiss.alaw"
        hiss.write_bytes(bytes(random.Random(1).choices(range(256), k=8000)))
        play = f'<nop><action><exec rtp_stream="{hiss},-1,8"/></action></nop>'
        text = Steps().stay().text().replace("m=audio 9 ", "m=audio [rtpstream_audio_port] ")
        path = self.on.pbx.run_dir / f"sound-{extension}.xml"
        path.write_text(text.replace('<recv request="ACK"/>', f'<recv request="ACK"/>{play}', 1))
        await self.on.sipp.sign_in([extension], path, [], {})

    async def outside(self, **how: float) -> None:
        """Somebody outside can be called at any number."""
        await self.on.far_phone(**how)  # type: ignore[arg-type]
        far = (await self.on.ask("Getvar", Variable="FAR"))["Value"]
        await self.on.ask("Setvar", Variable="TIERLINE_OUT_PREFIX", Value="PJSIP/trunk/sip:")
        await self.on.ask("Setvar", Variable="TIERLINE_OUT_SUFFIX", Value=f"@{far}")

    async def variable(self, channel: ChannelId, name: str) -> str:
        return (await self.on.ask("Getvar", Channel=channel, Variable=name))["Value"]

    async def taken(self, channel: ChannelId, name: str) -> None:
        """Until the dialplan has emptied a variable, of which no event tells."""
        async with asyncio.timeout(60):
            while await self.variable(channel, name):
                await self.link.ask({"Action": "Ping"})

    async def application(self, channel: ChannelId) -> str:
        """What a leg does in the dialplan, with its data."""
        rows = await self.link.ask_list({"Action": "CoreShowChannels"})
        row = next(row for row in rows if row["Uniqueid"] == channel)
        return f"{row['Application']}({row['ApplicationData']})"

    async def bridge(self, channel: ChannelId) -> str:
        rows = await self.link.ask_list({"Action": "CoreShowChannels"})
        return next(row["BridgeId"] for row in rows if row["Uniqueid"] == channel)

    def parties(self, call: Call) -> set[str]:
        """Devices of a call, by the name of their legs."""
        return {re.sub(r"-[0-9a-f]{8}(;\d)?$", "", leg.name) for leg in call.legs.values()}


@asynccontextmanager
async def orders(pbx: LocalAsterisk, webhook: FakeWebhook, file: Path) -> AsyncIterator[Orders]:
    link = Link(Endpoint(PbxId(pbx.name), pbx.host, pbx.ami_port, pbx.ami_username, pbx.ami_secret))
    async with stage(pbx, webhook, file) as on, running(link.run()):
        assert isinstance(await link.settled(), Up)
        await on.ask("Setvar", Variable="TIERLINE_OUT_PREFIX", Value="")
        yield Orders(on, link)
