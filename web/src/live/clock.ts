/** The server's clock as seen from here. A wrong clock on an agent's machine must not falsify a wait. */
export class ServerClock {
  #aheadMs = 0

  constructor(private readonly local: () => number) {}

  /** `at`: seconds since the epoch by the server; `askedAt`: when we asked (ms), to halve the way there and back. */
  set(at: number, askedAt = this.local()) {
    this.#aheadMs = at * 1000 - (askedAt + this.local()) / 2
  }

  /** Seconds since the epoch, server time. */
  now = () => (this.local() + this.#aheadMs) / 1000
}
