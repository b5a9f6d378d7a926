import type {
  AgentView,
  CallView,
  Card,
  ClientCard,
  Delta,
  LinkView,
  ServerMessage,
  Snapshot,
} from '../contract/messages'
import type { Socket, Surroundings } from './connection'

/** A server, a network and a clock that behave, for tests: time passes only when told to. */
export class FakeServer implements Surroundings {
  nowMs = 1_000_000
  ticketFails: Error | null = null
  paths: string[] = []
  heard: string[] = []
  #frames: (() => void)[] = []
  #timers: { at: number; then: () => void }[] = []
  #line: Parameters<Socket['listen']>[0] | null = null

  ticket = () => (this.ticketFails ? Promise.reject(this.ticketFails) : Promise.resolve('one-time'))
  open = (path: string): Socket => {
    this.paths.push(path)
    return {
      send: (text) => void this.heard.push(text),
      close: () => {
        this.#line = null
      },
      listen: (to) => {
        this.#line = to
        to.opened()
      },
    }
  }
  after = (ms: number, then: () => void) => {
    const timer = { at: this.nowMs + ms, then }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }
  nextFrame = (then: () => void) => void this.#frames.push(then)
  now = () => this.nowMs
  random = () => 0

  get connected() {
    return this.#line !== null
  }

  say(...messages: ServerMessage[]) {
    for (const message of messages) this.#line?.message(JSON.stringify(message))
  }

  sayRaw(text: string) {
    this.#line?.message(text)
  }

  /** The network between us breaks, and both sides notice. */
  cut() {
    const line = this.#line
    this.#line = null
    line?.closed()
  }

  draw() {
    const frames = this.#frames
    this.#frames = []
    for (const frame of frames) frame()
  }

  /** Lets time pass and then everything that a promise was waiting for. */
  async pass(ms: number) {
    this.nowMs += ms
    const due = this.#timers.filter((timer) => timer.at <= this.nowMs)
    this.#timers = this.#timers.filter((timer) => timer.at > this.nowMs)
    for (const timer of due) timer.then()
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
}

export const aCall = (id: string, change: Partial<CallView> = {}): CallView => ({
  call: `main/${id}`,
  pbx: 'main',
  stage: 'ringing',
  line: 'support',
  ani: '+79161234567',
  ani_name: null,
  dnis: '+74951112233',
  tier: 'standard',
  client_id: null,
  client_name: null,
  priority: 0,
  position: null,
  started_at: 1000,
  joined_at: null,
  answered_at: null,
  ringing: [],
  talking: [],
  outcome: null,
  doubtful: false,
  ...change,
})

export const anAgent = (change: Partial<AgentView> = {}): AgentView => ({
  agent: `${change.pbx ?? 'main'}/${change.interface ?? 'PJSIP/101'}`,
  pbx: 'main',
  interface: 'PJSIP/101',
  agent_id: 1,
  name: 'First Agent',
  state: 'available',
  since: 1000,
  device: 'registered',
  pause_reasons: [],
  lines: ['support'],
  calls: [],
  ...change,
})

export const aClient = (id: number, change: Partial<ClientCard> = {}): ClientCard => ({
  id,
  external_id: null,
  name: `Client ${id}`,
  kind: 'person',
  segment: null,
  language: 'en',
  currency: 'EUR',
  blocked: false,
  service_level: 'standard',
  sla_minutes: null,
  tier: 'standard',
  arpu: null,
  revenue: [],
  phones: ['+79161234567'],
  personal_agents: [],
  contracts: [],
  cases: [],
  interactions: [],
  notes: [],
  offers: [],
  ...change,
})

export const aCard = (call: string, change: Partial<Card> = {}): Card => ({
  call: `main/${call}`,
  number: '+79161234567',
  clients: [aClient(7)],
  chosen: 7,
  callback: null,
  ...change,
})

export const aLink = (change: Partial<LinkView> = {}): LinkView => ({
  pbx: 'main',
  state: 'up',
  since: 1000,
  why: null,
  clock_offset: 0.001,
  ...change,
})

export const aSnapshot = (change: Partial<Snapshot> = {}): Snapshot => ({
  type: 'snapshot',
  stream: 's1',
  seq: 10,
  at: 5000,
  viewer: {
    user_id: 1,
    login: 'one',
    name: 'First Agent',
    role: 'agent',
    language: 'en',
    pbx: 'main',
    interface: 'PJSIP/101',
  },
  links: [aLink()],
  lines: [{ line: 'support', name: { en: 'Support', ru: 'Поддержка' }, tiers: [] }],
  agents: [anAgent()],
  calls: [],
  cards: [],
  ...change,
})

export const putCall = (seq: number, call: CallView): Delta => ({ type: 'call', seq, call })
export const putAgent = (seq: number, agent: AgentView): Delta => ({ type: 'agent', seq, agent })
export const pop = (seq: number, card: Card): Delta => ({
  type: 'card',
  seq,
  card,
  stamps: { event_at: 5000, card_at: 5000, sent_at: 5000 },
})
