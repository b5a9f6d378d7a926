"""Recorded calls become traffic; what makes no sense is counted and left out."""

from random import Random

import pytest

from routing.rehearse.history import UnknownLog, days_of, read_log, shares

pytestmark = pytest.mark.unit

BANK = """vru_line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,q_time,outcome,ser_start,ser_exit,ser_time,server
A,1,7,2,PS,1999-02-01,9:00:00,9:00:06,6,9:00:06,9:00:46,40,AGENT,9:00:46,9:05:46,300,S04
A,2,7,1,PS,1999-02-01,9:10:00,9:10:06,6,0:00:00,0:00:00,0,AGENT,9:10:06,9:12:06,120,S05
A,3,0,0,NW,1999-02-01,9:40:00,9:40:06,6,9:40:06,9:41:06,60,HANG,0:00:00,0:00:00,0,
A,4,0,0,NW,1999-02-01,9:50:00,9:50:06,6,0:00:00,0:00:00,0,HANG,0:00:00,0:00:00,0,
A,5,0,0,NW,1999-02-01,9:50:00,9:50:06,-6,9:50:06,9:50:16,10,PHANTOM,0:00:00,0:00:00,0,
A,6,0,0,NW,1999-02-01,9:5
A,7,0,9,NW,1999-02-01,9:50:00,9:50:06,6,9:50:06,9:50:16,10,HANG,0:00:00,0:00:00,0,
A,8,0,0,NW,1999-02-02,9:00:00,9:00:06,-3,9:00:06,9:00:16,10,AGENT,9:00:16,9:01:16,60,S04
"""

OWN = """joined,tier,wait_s,outcome,handling_s,agent
2026-03-02T08:00:05+02:00,vip,1.5,answered,200,PJSIP/1001
2026-03-02T08:01:00+02:00,standard,30,abandoned,,
2026-03-02T08:02:00+02:00,gold,30,abandoned,,
2026-03-02T08:03:00+02:00,mid,-4,answered,20,PJSIP/1001
yesterday,mid,4,answered,20,PJSIP/1001
2026-03-02T08:04:00+02:00,mid,nan,answered,20,PJSIP/1001
2026-03-02T08:05:00+02:00,mid,1,answered,inf,x
"2026-03-02
"""

EXPORT = """joined,tier,kind,wait_s,outcome,handling_s,agent,line,pbx,call_id
2026-03-02T08:00:05.125,platinum,vip,1.500,answered,200.000,main/PJSIP/1001,sales,main,1.1
2026-03-02T08:01:00.000,silver,mid,30.000,abandoned,,,sales,main,1.2
2026-03-02T08:02:00.000,,low,30.000,unanswered,,,sales,main,1.3
2026-03-02T08:03:00.000,,low,30.000,answered,,main/PJSIP/1001,sales,main,1.4
"""


def test_the_bank_format_is_read_and_what_was_left_out_is_counted() -> None:
    log = read_log(BANK.splitlines())
    assert log.format == "bank"
    assert [(row.kind, row.at, row.wait_s, row.handling_s) for row in log.rows] == [
        (0, 32406.0, 40.0, 300.0),
        (1, 33006.0, 0.0, 120.0),
        (2, 34806.0, 60.0, None),
        (2, 32406.0, 10.0, 60.0),
    ]
    assert log.left_out == {"phantom": 1, "hung up before waiting": 1, "broken": 2}


def test_our_own_history_is_read() -> None:
    log = read_log(OWN.splitlines())
    assert (log.format, [(row.kind, row.at) for row in log.rows]) == ("history", [(0, 28805.0), (2, 28860.0)])
    assert log.left_out == {"broken": 6}


def test_our_export_is_read_whatever_the_tiers_are_called() -> None:
    log = read_log(EXPORT.splitlines())
    assert log.format == "export"
    assert [(row.kind, row.at, row.handling_s, row.agent) for row in log.rows] == [
        (0, 28805.125, 200.0, "main/PJSIP/1001"),
        (1, 28860.0, None, ""),
    ]
    assert log.left_out == {"neither answered nor hung up": 1, "broken": 1}


def test_each_day_is_a_stretch_staffed_by_the_agents_seen_in_each_half_hour() -> None:
    first, second = days_of(read_log(BANK.splitlines()), 1, Random(1))
    assert {int(one.start // 1800): one.agents for one in first.intervals if one.agents} == {18: 2}
    assert {int(one.start // 1800): one.agents for one in second.intervals if one.agents} == {18: 1}
    assert first.until == 10 * 3600


def test_who_hung_up_waits_no_longer_and_who_was_answered_would_have() -> None:
    (first, _) = days_of(read_log(BANK.splitlines()), 1, Random(1))
    answered, _, gone = first.calls
    assert answered.patience_s > 40
    assert gone.patience_s == 60


def test_scaling_brings_as_many_times_the_calls_and_the_staff() -> None:
    first, _ = days_of(read_log(BANK.splitlines()), 10, Random(1))
    assert len(first.calls) == 30
    assert max(one.agents for one in first.intervals) == 20
    assert list(first.calls) == sorted(first.calls)


def test_the_mix_is_that_of_the_log() -> None:
    assert [(name, share) for name, share, _, _ in shares(read_log(BANK.splitlines()))] == [
        ("vip", 0.25),
        ("mid", 0.25),
        ("low", 0.5),
    ]


def test_another_file_is_refused_with_what_is_expected() -> None:
    with pytest.raises(UnknownLog, match=r"columns agent, handling_s, joined.*has: a, b"):
        read_log(["a,b", "1,2"])
    with pytest.raises(UnknownLog, match="nothing"):
        read_log([])
