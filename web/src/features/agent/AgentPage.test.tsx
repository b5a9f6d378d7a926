import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, it, vi } from 'vitest'
import { startI18n } from '../../i18n'
import {
  aCall,
  aCard,
  aClient,
  anAgent,
  aSnapshot,
  FakeServer,
  pop,
  putAgent,
  putCall,
} from '../../live/fake'
import { LiveProvider, useSnapshotHere } from '../../live/hooks'
import { AgentPage } from './AgentPage'

let server: FakeServer
let asked: { method: string; path: string; body: unknown }[]

/** The HTTP side: grants what it is asked for; the live side has to bring the event. */
function answer(path: string, init?: RequestInit): Promise<Response> {
  const method = init?.method ?? 'GET'
  asked.push({ method, path, body: init?.body ? JSON.parse(init.body as string) : null })
  const presence = { signed_in: true, pause_reasons: [], reasons_offered: ['lunch'], outcomes: [] }
  return Promise.resolve(Response.json(path === '/api/presence' ? presence : {}))
}

function WhenHere() {
  return useSnapshotHere() ? <AgentPage /> : null
}

beforeEach(async () => {
  asked = []
  server = new FakeServer()
  vi.stubGlobal('fetch', answer)
  await startI18n('en')
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <LiveProvider around={server}>
          <WhenHere />
        </LiveProvider>
      </QueryClientProvider>
    </MantineProvider>,
  )
  await act(() => server.pass(0))
  act(() => server.say(aSnapshot()))
})

const said = () => server.heard.map((text) => JSON.parse(text) as { type: string })
const commands = () => asked.filter((one) => one.method !== 'GET')

it('pops the card, tells the server once it is painted, and clears the ring on hang-up', async () => {
  expect(screen.getByTestId('idle')).toBeTruthy()
  const client = aClient(7, { name: 'Maria Stein', tier: 'vip' })
  act(() =>
    server.say(
      putCall(11, aCall('1', { ringing: ['PJSIP/101'] })),
      pop(12, aCard('1', { clients: [client] })),
    ),
  )
  const ring = within(screen.getByTestId('ringing-card'))
  expect(ring.getByTestId('client-name').textContent).toBe('Maria Stein')
  expect(ring.getByTestId('tier').textContent).toBe('VIP')
  expect(screen.getByRole('alert').textContent).toContain('Maria Stein is calling')
  await vi.waitFor(() => expect(said()).toContainEqual({ type: 'card_shown', call: 'main/1', seq: 12 }))

  act(() => {
    server.say(putCall(13, aCall('1', { stage: 'ended', answered_at: 1010, outcome: 'answered' })), {
      type: 'call_gone',
      seq: 14,
      call: 'main/1',
    })
    server.draw()
  })
  expect(screen.queryByTestId('ringing-card')).toBeNull()
  expect(within(screen.getByTestId('left-card')).getByText('Last call')).toBeTruthy()
})

it('lets the agent choose among several by key, and changes only when the event comes back', async () => {
  const clients = [aClient(1, { name: 'Elder Stein' }), aClient(2, { name: 'Younger Stein' })]
  const card = aCard('1', { clients, chosen: null })
  act(() => server.say(putCall(11, aCall('1', { ringing: ['PJSIP/101'] })), pop(12, card)))
  expect(screen.getByTestId('client-name').textContent).toBe('Who is calling?')
  await userEvent.keyboard('2')
  expect(commands()).toEqual([{ method: 'PUT', path: '/api/calls/main/1/client', body: { client_id: 2 } }])
  expect(screen.queryByTestId('client-card')).toBeNull()
  act(() => server.say({ type: 'card', seq: 13, card: { ...card, chosen: 2 }, stamps: null }))
  expect(screen.getByTestId('client-name').textContent).toBe('Younger Stein')
  expect(screen.queryByTestId('choose')).toBeNull()
})

it('says why the phone rings when a promised call is made', () => {
  const callback = {
    id: 5,
    line: 'support',
    topic: null,
    asked_at: 1000,
    wanted_at: null,
    asked_by: 'caller' as const,
    note: 'the bill of May',
    attempts: 2,
  }
  act(() =>
    server.say(putCall(11, aCall('1', { ringing: ['PJSIP/101'] })), pop(12, aCard('1', { callback }))),
  )
  const why = within(screen.getByTestId('promised-call'))
  expect(why.getByText(/Asked for while waiting/)).toBeTruthy()
  expect(why.getByText('the bill of May')).toBeTruthy()
  expect(why.getByText('Called in vain 2 times so far')).toBeTruthy()
})

it('offers to create an unknown caller, digits in his name included', async () => {
  const card = aCard('1', { clients: [], chosen: null })
  act(() => server.say(putCall(11, aCall('1', { ringing: ['PJSIP/101'] })), pop(12, card)))
  expect(screen.getByTestId('client-name').textContent).toBe('Unknown number')
  await userEvent.click(screen.getByTestId('create-open'))
  await userEvent.type(screen.getByTestId('create-name'), 'Studio 1{Enter}')
  expect(commands()[0]?.body).toMatchObject({ name: 'Studio 1', phone: '+79161234567', call: 'main/1' })
})

it('keeps a wish pending until the switch has confirmed it', async () => {
  await userEvent.click(screen.getByTestId('set-offline'))
  expect(screen.getByTestId('set-offline').getAttribute('aria-busy')).toBe('true')
  expect(screen.getByTestId('set-available').getAttribute('aria-pressed')).toBe('true')
  act(() => {
    server.say(putAgent(11, anAgent({ state: 'offline', lines: [] })))
    server.draw()
  })
  await vi.waitFor(() => expect(screen.getByTestId('set-offline').getAttribute('aria-busy')).toBe('false'))
  expect(screen.getByTestId('set-offline').getAttribute('aria-pressed')).toBe('true')
})
