import { liveTicket } from '../contract/http'
import type { Surroundings } from './connection'

/** The browser itself. A hidden tab draws no pictures, but its title still has to tell of a ringing call. */
export const browser: Surroundings = {
  ticket: liveTicket,
  open: (path) => {
    const socket = new WebSocket(path)
    return {
      send: (text) => socket.send(text),
      close: () => socket.close(),
      listen: (to) => {
        socket.onopen = to.opened
        socket.onmessage = (event: MessageEvent<string>) => to.message(event.data)
        socket.onclose = to.closed
      },
    }
  },
  after: (ms, then) => {
    const timer = window.setTimeout(then, ms)
    return () => window.clearTimeout(timer)
  },
  nextFrame: (then) => {
    if (document.hidden) window.setTimeout(then, 50)
    else window.requestAnimationFrame(then)
  },
  now: () => Date.now(),
  random: () => Math.random(),
}
