import type { Card, ClientCard } from './messages'

export type Language = 'ru' | 'en'
export type Theme = 'auto' | 'light' | 'dark'
export type Role = 'agent' | 'supervisor' | 'admin'

export interface Me {
  user_id: number
  login: string
  name: string
  role: Role
  language: Language
  theme: Theme
  interface: string | null
  agent_id: number | null
}

export interface Presence {
  signed_in: boolean
  pause_reasons: string[]
  reasons_offered: string[]
}

export interface PresenceWish {
  state: 'available' | 'paused' | 'offline'
  reason?: string
}

export interface PresenceOutcome {
  queue: string
  outcome: 'done' | 'refused' | 'timed_out' | 'link_lost'
  message: string
}

export interface PresenceAnswer {
  signed_in: boolean
  pause_reasons: string[]
  outcomes: PresenceOutcome[]
}

export interface NewClient {
  name: string
  phone?: string
  language?: Language
  call?: string
}

/** A refusal the server explained (`code`, `message`), or `server_away` when no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

const deadlineMs = 10_000

async function refusal(response: Response): Promise<ApiError> {
  const away = response.status === 502 || response.status === 504
  const text = await response.text()
  if (response.headers.get('content-type')?.startsWith('application/json')) {
    const body = JSON.parse(text) as { code?: string; message?: string }
    return new ApiError(response.status, body.code ?? 'refused', body.message ?? '')
  }
  return new ApiError(response.status, away ? 'server_away' : 'refused', '')
}

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      signal: AbortSignal.timeout(deadlineMs),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) throw new ApiError(0, 'server_away', '')
    throw error
  }
  if (!response.ok) throw await refusal(response)
  return response
}

const json = async <T>(method: string, path: string, body?: unknown) =>
  (await (await ask(method, path, body)).json()) as T

const callPath = (call: string) => call.split('/').map(encodeURIComponent).join('/')

export const signIn = (login: string, password: string) =>
  json<Me>('POST', '/api/sessions', { login, password })
export const signOut = async (): Promise<void> => {
  await ask('DELETE', '/api/sessions/current')
}
export const getMe = () => json<Me>('GET', '/api/me')
export const changeMe = (change: { language?: Language; theme?: Theme }) =>
  json<Me>('PATCH', '/api/me', change)
export const liveTicket = async () => (await json<{ ticket: string }>('POST', '/api/live/tickets')).ticket
export const getPresence = () => json<Presence>('GET', '/api/presence')
export const setPresence = (wish: PresenceWish) => json<PresenceAnswer>('PUT', '/api/presence', wish)
export const chooseClient = (call: string, client_id: number) =>
  json<Card>('PUT', `/api/calls/${callPath(call)}/client`, { client_id })
export const createClient = (client: NewClient) => json<ClientCard>('POST', '/api/clients', client)
