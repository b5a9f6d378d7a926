import { describe, expect, it } from 'vitest'
import type { Delta } from '../contract/messages'
import { aCall, aCard, aLink, anAgent, aSnapshot, pop, putAgent, putCall } from './fake'
import { begin, reduce, SequenceGap } from './state'

const story: Delta[] = [
  putCall(11, aCall('1', { stage: 'waiting', position: 1 })),
  { type: 'line', seq: 12, line: { line: 'sales', name: { en: 'Sales', ru: 'Продажи' }, tiers: [] } },
  pop(13, aCard('1')),
  putCall(14, aCall('1', { ringing: ['PJSIP/101'] })),
  putAgent(15, anAgent({ state: 'ringing', calls: ['main/1'] })),
  putCall(16, aCall('2', { stage: 'waiting' })),
  { type: 'call_gone', seq: 17, call: 'main/2' },
  { type: 'link', seq: 18, link: aLink({ state: 'down', since: 6000, why: 'refused' }) },
  putAgent(19, anAgent({ interface: 'PJSIP/102' })),
  { type: 'agent_gone', seq: 20, agent: 'main/PJSIP/102' },
  { type: 'line_gone', seq: 21, line: 'support' },
]

describe('snapshot and deltas', () => {
  it('are the same floor as a fresh snapshot', () => {
    const followed = story.reduce(reduce, begin(aSnapshot()))
    const fresh = begin(
      aSnapshot({
        seq: 21,
        calls: [aCall('1', { ringing: ['PJSIP/101'] })],
        cards: [aCard('1')],
        agents: [anAgent({ state: 'ringing', calls: ['main/1'] })],
        lines: [{ line: 'sales', name: { en: 'Sales', ru: 'Продажи' }, tiers: [] }],
        links: [aLink({ state: 'down', since: 6000, why: 'refused' })],
      }),
    )
    expect({ ...followed, pops: fresh.pops }).toEqual(fresh)
  })

  it('leave what they do not speak of as it is, so that nothing else is drawn again', () => {
    const before = begin(aSnapshot())
    const after = reduce(before, putAgent(11, anAgent({ state: 'in_call' })))
    expect(after.calls).toBe(before.calls)
    expect(after.cards).toBe(before.cards)
    expect(before.agents.get('main/PJSIP/101')?.state).toBe('available')
  })

  it.each([10, 12])('refuse a delta numbered %i after 10', (seq) => {
    expect(() => reduce(begin(aSnapshot()), putCall(seq, aCall('1')))).toThrow(SequenceGap)
  })
})

describe('a card', () => {
  it('goes with its call, and stays in mind as the last one', () => {
    const rung = [putCall(11, aCall('1')), pop(12, aCard('1'))].reduce(reduce, begin(aSnapshot()))
    const over = reduce(rung, { type: 'call_gone', seq: 13, call: 'main/1' })
    expect(over.cards.size).toBe(0)
    expect(over.left?.card.chosen).toBe(7)
    expect(over.left?.call.call).toBe('main/1')
  })

  it('can leave while its call stays in sight', () => {
    const rung = [putCall(11, aCall('1')), pop(12, aCard('1'))].reduce(reduce, begin(aSnapshot()))
    const passed = reduce(rung, { type: 'card_gone', seq: 13, call: 'main/1' })
    expect([...passed.calls.keys()]).toEqual(['main/1'])
    expect(passed.cards.size).toBe(0)
  })

  it('whose call ended while we were away is the last one after the new snapshot', () => {
    const rung = [putCall(11, aCall('1')), pop(12, aCard('1'))].reduce(reduce, begin(aSnapshot()))
    expect(begin(aSnapshot({ stream: 's2' }), rung).left?.call.call).toBe('main/1')
  })

  it('is acknowledged for the delta that popped it, not for a later change of it', () => {
    const popped = [putCall(11, aCall('1')), pop(12, aCard('1'))].reduce(reduce, begin(aSnapshot()))
    const changed = reduce(popped, {
      type: 'card',
      seq: 13,
      card: aCard('1', { chosen: null }),
      stamps: null,
    })
    expect(changed.pops.get('main/1')).toBe(12)
  })
})
