"""Decision -> what the dialplan reads (`JSON_DECODE(ANSWER,treatment)` and so on). A key without a value is left out."""

import msgspec

from routing.facts import AfterHours, Announced, Because, Decision, Executor, Treatment


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`priority` goes into `QUEUE_PRIO`, `queue` into `Queue()`; `because` is for people. `topics`: joined by &, because
    the dialplan reads no lists; `opens_at`: whole seconds since 1970.
    """

    treatment: Treatment
    line: str
    queue: str
    tier: str
    priority: int
    personal_agents: tuple[str, ...]
    record: bool
    because: tuple[Because, ...] = ()
    client_id: int | None = None
    language: str | None = None
    topic: str | None = None
    executor: Executor = "queued"
    after: AfterHours | None = None
    message: str | None = None
    opens_at: int | None = None
    time_zone: str | None = None
    topics: str = ""
    announce: tuple[Announced, ...] = ()
    promise: int | None = None


def answer(decision: Decision) -> Answer:
    return Answer(
        treatment=decision.treatment,
        line=decision.line,
        queue=decision.queue,
        tier=decision.tier,
        priority=decision.priority,
        personal_agents=decision.personal_agents,
        record=decision.record,
        because=tuple(Because(step.rule, step.saw, step.so) for step in decision.because),
        client_id=decision.client_id,
        language=decision.language,
        topic=decision.topic,
        executor=decision.executor,
        after=decision.after,
        message=decision.message,
        opens_at=round(decision.opens_at) if decision.opens_at is not None else None,
        time_zone=decision.time_zone,
        topics="&".join(decision.topics),
        announce=decision.announce,
        promise=decision.promise,
    )
