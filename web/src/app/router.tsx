import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { ApiError, type Me } from '../contract/http'
import { meQuery } from '../live/session'
import { Frame } from './Frame'
import { home } from './home'
import { BrokenPage, NoSuchPage } from './Trouble'

interface Context {
  queries: QueryClient
}

/** Who is there, or null for a stranger. A server that is away is an error of its own, never "signed out". */
async function whoIsThere({ queries }: Context): Promise<Me | null> {
  try {
    return await queries.query({ ...meQuery, staleTime: 'static' })
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  notFoundComponent: NoSuchPage,
  errorComponent: BrokenPage,
})

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async ({ context }) => {
    const me = await whoIsThere(context)
    throw me ? redirect({ to: home(me) }) : redirect({ to: '/sign-in' })
  },
})

interface SignInSearch {
  next?: '/agent' | '/floor'
  ended?: boolean
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    ...(search.next === '/agent' || search.next === '/floor' ? { next: search.next } : {}),
    ...(search.ended === true ? { ended: true } : {}),
  }),
  component: lazyRouteComponent(() => import('./Entrance'), 'Entrance'),
})

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ context, location }) => {
    if (await whoIsThere(context)) return
    const next = location.pathname === '/floor' ? '/floor' : '/agent'
    throw redirect({ to: '/sign-in', search: { next } })
  },
  component: Frame,
})

const agent = createRoute({
  getParentRoute: () => inside,
  path: '/agent',
  component: lazyRouteComponent(() => import('../features/agent/AgentPage'), 'AgentPage'),
})

const floor = createRoute({
  getParentRoute: () => inside,
  path: '/floor',
  validateSearch: (search: Record<string, unknown>): { tv?: 1 } => (search.tv ? { tv: 1 } : {}),
  beforeLoad: async ({ context }) => {
    const me = await whoIsThere(context)
    if (me?.role === 'agent') throw redirect({ to: '/agent' })
  },
  component: lazyRouteComponent(() => import('../features/floor/FloorPage'), 'FloorPage'),
})

export const makeRouter = (queries: QueryClient) =>
  createRouter({
    routeTree: root.addChildren([start, signIn, inside.addChildren([agent, floor])]),
    context: { queries },
    defaultPreload: 'intent',
  })
