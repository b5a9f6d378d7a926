import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Me } from '../contract/http'
import { SignInPage } from '../features/sign-in/SignInPage'
import { meQuery } from '../live/session'
import { home } from './home'

/** Sign-in, and then to where he wanted to go, if his role may go there. */
export function Entrance() {
  const { next, ended } = useSearch({ from: '/sign-in' })
  const queries = useQueryClient()
  const navigate = useNavigate()
  const enter = (me: Me) => {
    queries.setQueryData(meQuery.queryKey, me)
    const allowed = next && !(next === '/floor' && me.role === 'agent')
    void navigate({ to: allowed ? next : home(me) })
  }
  return <SignInPage ended={ended ?? false} onSignedIn={enter} />
}
