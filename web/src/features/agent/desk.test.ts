import { describe, expect, it } from 'vitest'
import type { Card } from '../../contract/messages'
import { aCall, aCard, aClient, anAgent, aSnapshot } from '../../live/fake'
import { begin } from '../../live/state'
import { coming, myself, riddle, talking } from './desk'

const me = 'PJSIP/101'
const keys = (calls: { call: string }[]) => calls.map((call) => call.call)

describe('the desk', () => {
  it('shows a card that has come before the first ring', () => {
    const state = begin(aSnapshot({ calls: [aCall('1', { stage: 'waiting' })], cards: [aCard('1')] }))
    expect(keys(coming(state))).toEqual(['main/1'])
  })

  it('does not show what rings or speaks elsewhere', () => {
    const calls = [
      aCall('1', { ringing: ['PJSIP/102'] }),
      aCall('2', { stage: 'talking', talking: ['PJSIP/102'] }),
    ]
    const state = begin(aSnapshot({ calls }))
    expect(coming(state)).toEqual([])
    expect(talking(state)).toBeUndefined()
  })

  it('does not take a colleague on another telephone system for me, whose phone has the name of mine', () => {
    const call = aCall('1', { call: 'south/1', pbx: 'south', stage: 'talking', talking: [me] })
    const colleague = anAgent({ pbx: 'south', name: 'Colleague' })
    const state = begin(aSnapshot({ agents: [colleague, anAgent()], calls: [call] }))
    expect(talking(state)).toBeUndefined()
    expect(myself(state)?.name).toBe('First Agent')
  })

  it('clears the ring once the call is answered, and once it is over', () => {
    const cards = [aCard('1')]
    const answered = begin(aSnapshot({ calls: [aCall('1', { stage: 'talking', talking: [me] })], cards }))
    expect(coming(answered)).toEqual([])
    expect(talking(answered)?.call).toBe('main/1')
    const over = begin(aSnapshot({ calls: [aCall('1', { stage: 'ended', talking: [me] })], cards }))
    expect(coming(over)).toEqual([])
    expect(talking(over)).toBeUndefined()
  })
})

describe('who it is', () => {
  const several = [aClient(1), aClient(2)]
  it.each<[string, Partial<Card>, string | null]>([
    ['nobody has the number', { clients: [], chosen: null }, 'unknown'],
    ['the number is withheld', { number: null, clients: [], chosen: null }, 'withheld'],
    ['two have it and none is chosen', { clients: several, chosen: null }, 'several'],
    ['two have it and one is chosen', { clients: several, chosen: 2 }, null],
    ['one has it', {}, null],
  ])('%s', (_, card, expected) => {
    expect(riddle(aCard('1', card))).toBe(expected)
  })
})
