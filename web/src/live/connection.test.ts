import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../contract/http'
import { backOff, LiveConnection, pingEveryMs, silenceLimitMs } from './connection'
import { aCall, aCard, aSnapshot, FakeServer, pop, putCall } from './fake'

let server: FakeServer
let live: LiveConnection

beforeEach(async () => {
  server = new FakeServer()
  live = new LiveConnection(server)
  live.start()
  await server.pass(0)
})

const calls = () => [...(live.state()?.calls.keys() ?? [])]

describe('the live connection', () => {
  it('has nothing to show before the first snapshot, and is live from then on', () => {
    expect(live.state()).toBeNull()
    expect(live.connection().state).toBe('connecting')
    server.say(aSnapshot({ calls: [aCall('1')] }))
    expect(calls()).toEqual(['main/1'])
    expect(live.connection().state).toBe('live')
  })

  it('applies the deltas of one picture together, a card at once', () => {
    server.say(aSnapshot())
    server.say(putCall(11, aCall('1')), putCall(12, aCall('2')))
    expect(calls()).toEqual([])
    server.draw()
    expect(calls()).toEqual(['main/1', 'main/2'])
    server.say(putCall(13, aCall('3')), pop(14, aCard('3')))
    expect(calls()).toContain('main/3')
  })

  it('says since when it is lost, keeps what it knew, and asks only for what it missed', async () => {
    server.say(aSnapshot({ calls: [aCall('1')] }))
    server.nowMs += 60_000
    server.cut()
    expect(live.connection()).toEqual({ state: 'reconnecting', since: server.nowMs })
    expect(calls()).toEqual(['main/1'])
    await server.pass(backOff(0, 0))
    expect(server.paths.at(-1)).toBe('/live?ticket=one-time&stream=s1&seq=10')
    server.say(putCall(11, aCall('2')))
    server.draw()
    expect(calls()).toEqual(['main/1', 'main/2'])
    expect(live.connection().state).toBe('live')
  })

  it('is live again on a pong when nothing was missed', async () => {
    server.say(aSnapshot())
    server.cut()
    await server.pass(backOff(0, 0))
    server.say({ type: 'pong', at: 5001 })
    expect(live.connection().state).toBe('live')
  })

  it('does not trust a stream with a gap: resumes, and at the next gap starts afresh', async () => {
    server.say(aSnapshot(), putCall(12, aCall('9')))
    server.draw()
    expect(live.connection().state).toBe('reconnecting')
    expect(calls()).toEqual([])
    await server.pass(backOff(0, 0))
    expect(server.paths.at(-1)).toContain('seq=10')
    server.say(putCall(14, aCall('9')))
    server.draw()
    await server.pass(backOff(1, 0))
    expect(server.paths.at(-1)).toBe('/live?ticket=one-time')
  })

  it('starts afresh after something that is no message', async () => {
    server.say(aSnapshot())
    server.sayRaw('<html>')
    await server.pass(backOff(0, 0))
    expect(server.paths.at(-1)).toBe('/live?ticket=one-time')
  })

  it('asks a silent server for a sign of life, and gives up a dead one', async () => {
    server.say(aSnapshot())
    server.heard = []
    await server.pass(pingEveryMs)
    expect(server.heard).toEqual(['{"type":"ping"}'])
    await server.pass(silenceLimitMs)
    expect(live.connection().state).toBe('reconnecting')
  })

  it('waits longer and longer, up to a bound, and never in step with others', () => {
    expect([0, 1, 2, 3, 10].map((attempt) => backOff(attempt, 1))).toEqual([500, 1000, 2000, 4000, 15_000])
    expect(backOff(3, 0)).toBe(2000)
  })

  it('keeps trying while the server is away, and hurries when the network is back', async () => {
    server.say(aSnapshot())
    server.ticketFails = new ApiError(0, 'server_away', '')
    server.cut()
    await server.pass(backOff(0, 0))
    await server.pass(backOff(1, 0))
    expect(live.connection().state).toBe('reconnecting')
    server.ticketFails = null
    live.hurry()
    await server.pass(0)
    server.say(aSnapshot({ stream: 's2', seq: 1 }))
    expect(live.connection().state).toBe('live')
  })

  it('stops when the session is over', async () => {
    server.say(aSnapshot())
    server.ticketFails = new ApiError(401, 'not_signed_in', '')
    server.cut()
    await server.pass(backOff(0, 0))
    expect(live.connection().state).toBe('signed_out')
    const asked = server.paths.length
    await server.pass(60_000)
    expect(server.paths.length).toBe(asked)
  })

  it("tells time by the server's clock", () => {
    server.say(aSnapshot({ at: 5000 }))
    server.nowMs += 2500
    expect(live.clock.now()).toBeCloseTo(5002.5)
  })
})
