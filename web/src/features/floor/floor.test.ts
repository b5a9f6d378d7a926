import { describe, expect, it } from 'vitest'
import { aCall, aSnapshot } from '../../live/fake'
import { begin } from '../../live/state'
import { inTarget, longestSince, progress, total, waiting } from './floor'

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

describe('figures', () => {
  const tier = (change: object) => ({
    tier: 'vip',
    waiting: 0,
    longest_since: null,
    offered: 0,
    answered: 0,
    abandoned: 0,
    answered_in_target: 0,
    ...change,
  })

  it('count every abandoned call against the target (published example: 81.1 %)', () => {
    expect(inTarget({ answered: 1000, abandoned: 60, answered_in_target: 860 })).toBeCloseTo(0.811, 3)
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
