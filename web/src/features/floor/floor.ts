import type { AgentView, CallView, LineView, LinkView, TierFigures } from '../../contract/messages'
import type { AgentStateName } from '../../ui/StateWords'
import type { LiveState } from '../../live/state'

/** What the wallboard shows, read off the live state. */

export const lines = (state: LiveState): LineView[] => [...state.lines.values()]

const isWaiting = (call: CallView) =>
  call.stage === 'waiting' || (call.stage === 'ringing' && call.position !== null)

/** By line, then in the line's serving order: the place comes from the server, it is not guessed here. */
export function waiting(state: LiveState): CallView[] {
  const order = new Map([...state.lines.keys()].map((line, i) => [line, i]))
  const lineOf = (call: CallView) => order.get(call.line ?? '') ?? order.size
  return [...state.calls.values()]
    .filter(isWaiting)
    .sort(
      (a, b) =>
        lineOf(a) - lineOf(b) ||
        (a.position ?? Infinity) - (b.position ?? Infinity) ||
        (a.joined_at ?? a.started_at) - (b.joined_at ?? b.started_at),
    )
}

export const waitingCount = (state: LiveState) => [...state.calls.values()].filter(isWaiting).length

/** When the longest waiting caller joined; null while nobody waits. */
export const longestSince = (state: LiveState): number | null => {
  const since = [...state.calls.values()].filter(isWaiting).map((call) => call.joined_at ?? call.started_at)
  return since.length > 0 ? Math.min(...since) : null
}

export const talkingCount = (state: LiveState) =>
  [...state.calls.values()].filter((call) => call.stage === 'talking' || call.stage === 'held').length

export const free = (state: LiveState) =>
  [...state.agents.values()].filter((agent) => agent.state === 'available').length

const inProgress: readonly CallView['stage'][] = ['arriving', 'ringing', 'talking', 'held']
const stageOrder = { ringing: 0, arriving: 1, talking: 2, held: 3, waiting: 4, ended: 5 }

/** Ringing first, then talking, the longest of each first. */
export const progress = (state: LiveState): CallView[] =>
  [...state.calls.values()]
    .filter((call) => inProgress.includes(call.stage))
    .sort((a, b) => stageOrder[a.stage] - stageOrder[b.stage] || a.started_at - b.started_at)

const stateOrder: Record<AgentStateName, number> = {
  available: 0,
  ringing: 1,
  in_call: 2,
  paused: 3,
  unreachable: 4,
  offline: 5,
}

const byName = new Intl.Collator()

export const agents = (state: LiveState): AgentView[] =>
  [...state.agents.values()].sort(
    (a, b) => stateOrder[a.state] - stateOrder[b.state] || byName.compare(a.name, b.name),
  )

/** `device`: a phone of the call's own telephone system. */
export const agentName = (state: LiveState, call: CallView, device: string) =>
  state.agents.get(`${call.pbx}/${device}`)?.name ?? device

/** Nobody needs the name of the only telephone system there is. */
export const hasSeveralPbxs = (state: LiveState) => state.links.size > 1

/** Since when what stands here of this telephone system may be out of date; null while it is so now. */
export function staleSince(state: LiveState, pbx: string): number | null {
  const link = state.links.get(pbx)
  return link && link.state !== 'up' ? link.since : null
}

/** Clocks kept over the network differ by milliseconds; from here on the times of day no longer fit. */
export const clockToleranceS = 2

export const wrongClocks = (state: LiveState): LinkView[] =>
  [...state.links.values()].filter((link) => Math.abs(link.clock_offset ?? 0) > clockToleranceS)

/** Service level with early abandons counted as good (Asterisk's SL2); null while nothing has been decided yet. */
export function inTarget(
  figures: Pick<TierFigures, 'answered' | 'abandoned' | 'answered_in_target' | 'abandoned_in_target'>,
): number | null {
  const decided = figures.answered + figures.abandoned
  return decided === 0 ? null : (figures.answered_in_target + figures.abandoned_in_target) / decided
}

export function total(tiers: readonly TierFigures[]): Omit<TierFigures, 'tier'> {
  const sum = (pick: (figures: TierFigures) => number) => tiers.reduce((all, one) => all + pick(one), 0)
  const since = tiers.flatMap((one) => one.longest_since ?? [])
  return {
    waiting: sum((one) => one.waiting),
    longest_since: since.length > 0 ? Math.min(...since) : null,
    offered: sum((one) => one.offered),
    answered: sum((one) => one.answered),
    abandoned: sum((one) => one.abandoned),
    answered_in_target: sum((one) => one.answered_in_target),
    abandoned_in_target: sum((one) => one.abandoned_in_target),
  }
}
