import { expect, it } from 'vitest'
import { anAgent } from '../../live/fake'
import { granted, standing } from './presence'

it('is what the switch says: lines and pause reasons', () => {
  expect(standing(undefined)).toBe('offline')
  expect(standing(anAgent({ lines: [] }))).toBe('offline')
  expect(standing(anAgent({ pause_reasons: ['lunch'], state: 'paused' }))).toBe('paused')
  expect(standing(anAgent({ state: 'in_call' }))).toBe('available')
})

it('is granted only by the event that says so, reason included', () => {
  const lunch = { state: 'paused', reason: 'lunch' } as const
  expect(granted(lunch, anAgent())).toBe(false)
  expect(granted(lunch, anAgent({ pause_reasons: ['break'] }))).toBe(false)
  expect(granted(lunch, anAgent({ pause_reasons: ['break', 'lunch'] }))).toBe(true)
})
