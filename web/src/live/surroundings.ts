import { liveTicket } from '../contract/http'
import type { Surroundings } from './connection'

/** A busy floor changes more often than eyes can follow: at most four pictures a second; cards do not wait. */
const pictureEveryMs = 250
let lastPicture = -pictureEveryMs

function draw(then: () => void) {
  lastPicture = performance.now()
  then()
}

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
    const wait = lastPicture + pictureEveryMs - performance.now()
    if (document.hidden || wait > 0) window.setTimeout(() => draw(then), Math.max(wait, 0))
    else window.requestAnimationFrame(() => draw(then))
  },
  now: () => Date.now(),
  random: () => Math.random(),
}
