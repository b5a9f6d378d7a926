import { expect, it } from 'vitest'
import type { ContractCard } from '../../contract/messages'
import { aClient } from '../../live/fake'
import { urgent } from './urgent'

const contract = (id: number, expires_on: string | null): ContractCard => ({
  id,
  number: `D-${id}`,
  service: 'Line',
  service_level: 'standard',
  starts_on: '2025-01-01',
  expires_on,
  monthly_fee: 1,
  entitlements: [],
})

it('names contracts that end within 30 days or have ended, not later or endless ones', () => {
  const contracts = [
    contract(1, '2026-12-22'),
    contract(2, '2026-12-23'),
    contract(3, '2026-11-20'),
    contract(4, null),
  ]
  expect(urgent(aClient(1, { contracts }), '2026-11-22')).toEqual([
    { kind: 'contract', id: 1, number: 'D-1', days: 30 },
    { kind: 'contract', id: 3, number: 'D-3', days: -2 },
  ])
})

it('puts complaints before contracts and leaves other cases out', () => {
  const one = { title: 'Twice charged', topic: null, status: 'open', opened_at: 1, due_at: 500 }
  const client = aClient(1, {
    cases: [
      { ...one, id: 1, kind: 'request' },
      { ...one, id: 2, kind: 'complaint' },
    ],
    contracts: [contract(1, '2026-11-23')],
    blocked: true,
  })
  expect(urgent(client, '2026-11-22').map((thing) => thing.kind)).toEqual([
    'blocked',
    'complaint',
    'contract',
  ])
})
