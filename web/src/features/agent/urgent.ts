import type { ClientCard } from '../../contract/messages'
import { daysBetween } from '../../i18n/format'

export type Urgent =
  | { kind: 'blocked' }
  | { kind: 'complaint'; id: number; title: string; dueAt: number | null }
  | { kind: 'contract'; id: number; number: string; days: number }

const expirySoonDays = 30

/** What the agent has to know before saying hello; complaints first, by deadline. `today` is an ISO date. */
export function urgent(client: ClientCard, today: string): Urgent[] {
  const complaints = client.cases
    .filter((one) => one.kind === 'complaint')
    .map((one): Urgent => ({ kind: 'complaint', id: one.id, title: one.title, dueAt: one.due_at }))
  const contracts = client.contracts.flatMap((contract): Urgent[] => {
    if (!contract.expires_on) return []
    const days = daysBetween(today, contract.expires_on)
    return days <= expirySoonDays
      ? [{ kind: 'contract', id: contract.id, number: contract.number, days }]
      : []
  })
  return [...(client.blocked ? [{ kind: 'blocked' } as const] : []), ...complaints, ...contracts]
}
