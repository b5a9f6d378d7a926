import type {
  Card,
  ClientCard,
  Credentials,
  Me,
  MyWishes,
  NewClient,
  Presence,
  PresenceWish,
  Ticket,
} from './http.generated'

export type { CommandReport, Me, NewClient, Presence, PresenceWish } from './http.generated'
export type Language = Me['language']
export type Theme = Me['theme']
export type Role = Me['role']

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

export const signIn = (who: Credentials) => json<Me>('POST', '/api/sessions', who)
export const signOut = async (): Promise<void> => {
  await ask('DELETE', '/api/sessions/current')
}
export const getMe = () => json<Me>('GET', '/api/me')
export const changeMe = (wishes: MyWishes) => json<Me>('PATCH', '/api/me', wishes)
export const liveTicket = async () => (await json<Ticket>('POST', '/api/live/tickets')).ticket
export const getPresence = () => json<Presence>('GET', '/api/presence')
export const setPresence = (wish: PresenceWish) => json<Presence>('PUT', '/api/presence', wish)
export const chooseClient = (call: string, client_id: number) =>
  json<Card>('PUT', `/api/calls/${callPath(call)}/client`, { client_id })
export const createClient = (client: NewClient) => json<ClientCard>('POST', '/api/clients', client)
