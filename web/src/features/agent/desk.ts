import type { AgentView, CallKey, CallView, Card } from '../../contract/messages'
import type { LiveState } from '../../live/state'

/** What lies on this agent's desk. A card is only ever sent to the one whose call it is. */

const isAt = (state: LiveState, call: CallView, where: 'ringing' | 'talking') =>
  call.pbx === state.viewer.pbx && call[where].includes(state.viewer.interface ?? '')
const isMine = (state: LiveState, call: CallView) =>
  state.cards.has(call.call) || isAt(state, call, 'ringing') || isAt(state, call, 'talking')
const isOpen = (call: CallView) => call.stage !== 'ended'

export const myself = (state: LiveState): AgentView | undefined => state.agents.get(`${state.viewer.pbx}/${state.viewer.interface}`)

/** The call I speak in, on hold or not. */
export const talking = (state: LiveState): CallView | undefined =>
  [...state.calls.values()].find((call) => isOpen(call) && isAt(state, call, 'talking'))

/** Calls that ring here or are about to: the card often arrives before the first ring. */
export const coming = (state: LiveState): CallView[] =>
  [...state.calls.values()].filter(
    (call) => isMine(state, call) && ['arriving', 'waiting', 'ringing'].includes(call.stage),
  )

export const left = (state: LiveState) => state.left

export const cardOf = (key: CallKey) => (state: LiveState) => state.cards.get(key)

export const chosen = (card: Card | undefined) => card?.clients.find((client) => client.id === card.chosen)

/** Why there is no single client to show. */
export type Riddle = 'withheld' | 'unknown' | 'several'

export function riddle(card: Card): Riddle | null {
  if (chosen(card)) return null
  if (card.clients.length > 0) return 'several'
  return card.number === null ? 'withheld' : 'unknown'
}
