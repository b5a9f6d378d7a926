import { describe, expect, it } from 'vitest'
import { aCall, aLink, anAgent, aSnapshot } from '../../live/fake'
import { begin } from '../../live/state'
import { agentName, inTarget, longestSince, progress, staleSince, total, waiting, wrongClocks } from './floor'

const line = (code: string) => ({ line: code, name: { en: code, ru: code }, tiers: [] })

describe('waiting calls', () => {
  it('stand in the serving order of their line, whatever order they came in', () => {
    const wait = (id: string, code: string, position: number | null, joined_at: number) =>
      aCall(id, { stage: 'waiting', line: code, position, joined_at })
    const state = begin(
      aSnapshot({
        lines: [line('sales'), line('support')],
        calls: [
          wait('a', 'support', 2, 1),
          wait('b', 'sales', 2, 2),
          wait('vip', 'sales', 1, 9),
          wait('new', 'sales', null, 20),
          wait('c', 'support', 1, 4),
          aCall('talks', { stage: 'talking', line: 'sales', talking: ['PJSIP/1'] }),
        ],
      }),
    )
    expect(waiting(state).map((call) => call.call)).toEqual([
      'main/vip',
      'main/b',
      'main/new',
      'main/c',
      'main/a',
    ])
    expect(longestSince(state)).toBe(1)
    expect(progress(state).map((call) => call.call)).toEqual(['main/talks'])
  })
})

describe('several telephone systems', () => {
  const north = aLink({ pbx: 'north', state: 'up' })
  const south = aLink({ pbx: 'south', state: 'down', since: 900, clock_offset: -3600 })

  it('say of each what is out of date, and since when', () => {
    const state = begin(aSnapshot({ links: [north, south] }))
    expect(staleSince(state, 'north')).toBeNull()
    expect(staleSince(state, 'south')).toBe(900)
  })

  it('name the agent of the call’s own system, though the other has a phone of the same name', () => {
    const agents = [anAgent({ pbx: 'north', name: 'Nora' }), anAgent({ pbx: 'south', name: 'Sonya' })]
    const state = begin(aSnapshot({ agents }))
    expect(agentName(state, aCall('1', { pbx: 'south' }), 'PJSIP/101')).toBe('Sonya')
    expect(agentName(state, aCall('1', { pbx: 'north' }), 'PJSIP/101')).toBe('Nora')
  })

  it('are told apart from one whose clock is merely not quite right', () => {
    const late = aLink({ pbx: 'late', clock_offset: 1.9 })
    const unknown = aLink({ pbx: 'unknown', clock_offset: null })
    const state = begin(aSnapshot({ links: [north, south, late, unknown] }))
    expect(wrongClocks(state).map((link) => link.pbx)).toEqual(['south'])
  })
})

describe('figures', () => {
  const tier = (change: object) => ({
    tier: 'vip',
    waiting: 0,
    longest_since: null,
    offered: 0,
    answered: 0,
    abandoned: 0,
    answered_in_target: 0,
    abandoned_in_target: 0,
    ...change,
  })

  it('count who gave up within the target as good (published example: 83.0 %)', () => {
    const day = { answered: 1000, abandoned: 60, answered_in_target: 860, abandoned_in_target: 20 }
    expect(inTarget(day)).toBeCloseTo(0.83, 3)
  })

  it('say nothing before the first call', () => {
    expect(inTarget(tier({}))).toBeNull()
  })

  it('add up over the tiers; the longest wait is the oldest', () => {
    const all = total([
      tier({ waiting: 2, longest_since: 50 }),
      tier({ waiting: 1, longest_since: 20 }),
      tier({}),
    ])
    expect(all).toMatchObject({ waiting: 3, longest_since: 20 })
  })
})
