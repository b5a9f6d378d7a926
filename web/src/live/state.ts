import type {
  AgentKey,
  AgentView,
  CallKey,
  CallView,
  Card,
  Delta,
  LineView,
  LinkView,
  Snapshot,
  Viewer,
} from '../contract/messages'

/** Everything this viewer may see right now. Never changed in place, so that selectors can compare by identity. */
export interface LiveState {
  stream: string
  seq: number
  viewer: Viewer
  links: ReadonlyMap<string, LinkView>
  lines: ReadonlyMap<string, LineView>
  agents: ReadonlyMap<AgentKey, AgentView>
  calls: ReadonlyMap<CallKey, CallView>
  cards: ReadonlyMap<CallKey, Card>
  /** Per call the delta that popped its card: what the browser acknowledges once it has painted. */
  pops: ReadonlyMap<CallKey, number>
  /** The last card that left the screen, with its call as last seen: an agent still writes about it. */
  left: { call: CallView; card: Card } | null
}

/** A delta did not follow the last one: what is on the screen can no longer be trusted. */
export class SequenceGap extends Error {
  constructor(
    readonly expected: number,
    readonly got: number,
  ) {
    super(`expected delta ${expected}, got ${got}`)
    this.name = 'SequenceGap'
  }
}

const by = <T>(things: readonly T[], key: (thing: T) => string) =>
  new Map(things.map((thing) => [key(thing), thing]))

function put<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value)
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

/** `before`: what stood here until now, so that a call that ended while we were away is not forgotten. */
export function begin(snapshot: Snapshot, before: LiveState | null = null): LiveState {
  const calls = by(snapshot.calls, (call) => call.call)
  const cards = by(snapshot.cards, (card) => card.call)
  const missed = before && [...before.cards.keys()].filter((call) => !cards.has(call)).at(-1)
  return {
    stream: snapshot.stream,
    seq: snapshot.seq,
    viewer: snapshot.viewer,
    links: by(snapshot.links, (link) => link.pbx),
    lines: by(snapshot.lines, (line) => line.line),
    agents: by(snapshot.agents, (agent) => agent.agent),
    calls,
    cards,
    pops: new Map(),
    left: before && (missed === undefined || missed === null ? before.left : leaving(before, missed)),
  }
}

/** One delta. A call that leaves takes its card along. Throws `SequenceGap` when one is missing or repeated. */
export function reduce(state: LiveState, delta: Delta): LiveState {
  if (delta.seq !== state.seq + 1) throw new SequenceGap(state.seq + 1, delta.seq)
  return { ...state, ...changed(state, delta), seq: delta.seq }
}

function leaving(state: LiveState, key: CallKey): LiveState['left'] {
  const call = state.calls.get(key)
  const card = state.cards.get(key)
  return call && card ? { call, card } : state.left
}

const cardless = (state: LiveState, key: CallKey) => ({
  cards: without(state.cards, key),
  pops: without(state.pops, key),
  left: leaving(state, key),
})

function changed(state: LiveState, delta: Delta): Partial<LiveState> {
  switch (delta.type) {
    case 'call':
      return { calls: put(state.calls, delta.call.call, delta.call) }
    case 'call_gone':
      return { calls: without(state.calls, delta.call), ...cardless(state, delta.call) }
    case 'card_gone':
      return cardless(state, delta.call)
    case 'card': {
      const cards = put(state.cards, delta.card.call, delta.card)
      return delta.stamps ? { cards, pops: put(state.pops, delta.card.call, delta.seq) } : { cards }
    }
    case 'agent':
      return { agents: put(state.agents, delta.agent.agent, delta.agent) }
    case 'agent_gone':
      return { agents: without(state.agents, delta.agent) }
    case 'line':
      return { lines: put(state.lines, delta.line.line, delta.line) }
    case 'line_gone':
      return { lines: without(state.lines, delta.line) }
    case 'link':
      return { links: put(state.links, delta.link.pbx, delta.link) }
  }
}
