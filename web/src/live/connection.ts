import { ApiError } from '../contract/http'
import type { CallKey, ClientMessage, ServerMessage } from '../contract/messages'
import { ServerClock } from './clock'
import { begin, reduce, SequenceGap, type LiveState } from './state'

export type Connection =
  { state: 'connecting' | 'live' | 'reconnecting'; since: number } | { state: 'signed_out'; since: number }

export interface Socket {
  send(text: string): void
  close(): void
  listen(to: { opened: () => unknown; message: (text: string) => unknown; closed: () => unknown }): void
}

/** What the connection needs of its surroundings; times in milliseconds. */
export interface Surroundings {
  ticket: () => Promise<string>
  open: (path: string) => Socket
  after: (ms: number, then: () => void) => () => void
  /** Calls back before the next picture is drawn. */
  nextFrame: (then: () => void) => void
  now: () => number
  random: () => number
}

export const pingEveryMs = 10_000
export const silenceLimitMs = 25_000
const backOffMs = { first: 500, most: 15_000 }

/** Doubles up to a bound; half of it is chance, so that a restarted server is not met by all browsers at once. */
export const backOff = (attempt: number, random: number) =>
  Math.min(backOffMs.most, backOffMs.first * 2 ** attempt) * (0.5 + random / 2)

/**
 * The one live connection of this page: ticket, socket, snapshot, deltas, and back again after any loss.
 * Deltas are applied together before the next picture; a card is applied at once.
 */
export class LiveConnection {
  readonly clock: ServerClock
  #state: LiveState | null = null
  #connection: Connection
  #listeners = new Set<() => void>()
  #socket: Socket | null = null
  #waiting: ServerMessage[] = []
  #frameAsked = false
  #attempt = 0
  #fresh = false
  #gaps = 0
  #pingedAt = 0
  #timers = new Set<() => void>()
  #running = false

  constructor(private readonly around: Surroundings) {
    this.clock = new ServerClock(around.now)
    this.#connection = { state: 'connecting', since: around.now() }
  }

  readonly state = () => this.#state
  readonly connection = () => this.#connection

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  start() {
    if (this.#running) return
    this.#running = true
    void this.#connect()
  }

  stop() {
    this.#running = false
    this.#drop()
  }

  /** The network is back: do not sit out the rest of the back-off. */
  hurry() {
    if (!this.#running || this.#socket || this.#connection.state !== 'reconnecting') return
    this.#clearTimers()
    this.#attempt = 0
    void this.#connect()
  }

  cardShown(call: CallKey, seq: number) {
    this.#send({ type: 'card_shown', call, seq })
  }

  async #connect() {
    let ticket: string
    try {
      ticket = await this.around.ticket()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401) this.#become({ state: 'signed_out', since: this.around.now() })
      else this.#retry()
      return
    }
    if (!this.#running || this.#socket) return
    const query = new URLSearchParams({ ticket })
    if (this.#state && !this.#fresh) {
      query.set('stream', this.#state.stream)
      query.set('seq', String(this.#state.seq))
    }
    const socket = this.around.open(`/live?${query}`)
    this.#socket = socket
    this.#watchSilence()
    const mine = () => this.#socket === socket
    socket.listen({
      opened: () => mine() && this.#ping(),
      message: (text) => mine() && this.#hear(text),
      closed: () => mine() && this.#lost(),
    })
  }

  #hear(text: string) {
    this.#clearTimers()
    this.#watchSilence()
    this.#schedule(pingEveryMs, () => this.#ping())
    let message: ServerMessage
    try {
      message = JSON.parse(text) as ServerMessage
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      this.#fresh = true
      this.#lost()
      return
    }
    this.#waiting.push(message)
    if (message.type === 'card' || message.type === 'snapshot' || message.type === 'pong') {
      this.#apply()
    } else if (!this.#frameAsked) {
      this.#frameAsked = true
      this.around.nextFrame(() => {
        this.#frameAsked = false
        this.#apply()
      })
    }
  }

  #apply() {
    const messages = this.#waiting
    this.#waiting = []
    let state = this.#state
    try {
      for (const message of messages) {
        if (message.type === 'snapshot') {
          state = begin(message, state)
          this.clock.set(message.at)
          this.#fresh = false
        } else if (message.type === 'pong') {
          this.clock.set(message.at, this.#pingedAt)
        } else if (state) {
          state = reduce(state, message)
        }
      }
    } catch (error) {
      if (!(error instanceof SequenceGap)) throw error
      this.#state = state
      this.#gaps += 1
      this.#fresh = this.#gaps > 1
      this.#lost()
      return
    }
    if (!this.#socket || messages.length === 0) return
    this.#state = state
    if (state) {
      this.#attempt = 0
      if (messages.some((message) => message.type !== 'pong')) this.#gaps = 0
      if (this.#connection.state !== 'live') this.#connection = { state: 'live', since: this.around.now() }
    }
    this.#tell()
  }

  #lost() {
    if (!this.#running) return
    this.#drop()
    this.#retry()
  }

  #retry() {
    if (!this.#running) return
    if (this.#connection.state === 'live') this.#become({ state: 'reconnecting', since: this.around.now() })
    this.#schedule(backOff(this.#attempt, this.around.random()), () => void this.#connect())
    this.#attempt += 1
  }

  /** A dead TCP connection may take minutes to close: stop listening to it instead of waiting for it. */
  #drop() {
    this.#clearTimers()
    const socket = this.#socket
    this.#socket = null
    this.#waiting = []
    socket?.close()
  }

  #watchSilence() {
    this.#schedule(silenceLimitMs, () => this.#lost())
  }

  #ping() {
    this.#pingedAt = this.around.now()
    this.#send({ type: 'ping' })
  }

  #send(message: ClientMessage) {
    if (this.#socket && this.#connection.state !== 'signed_out') this.#socket.send(JSON.stringify(message))
  }

  #become(connection: Connection) {
    this.#connection = connection
    this.#tell()
  }

  #tell() {
    for (const listener of this.#listeners) listener()
  }

  #schedule(ms: number, then: () => void) {
    const cancel = this.around.after(ms, () => {
      this.#timers.delete(cancel)
      then()
    })
    this.#timers.add(cancel)
  }

  #clearTimers() {
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }
}
