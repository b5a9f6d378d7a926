import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { getPresence, setPresence, type PresenceWish } from '../../contract/http'
import type { AgentView } from '../../contract/messages'

export type Standing = PresenceWish['state']

/** What the switch says I am, reduced to what I can choose. */
export function standing(agent: AgentView | undefined): Standing {
  if (!agent || agent.lines.length === 0) return 'offline'
  return agent.pause_reasons.length > 0 ? 'paused' : 'available'
}

export const granted = (wish: PresenceWish, agent: AgentView | undefined) =>
  standing(agent) === wish.state &&
  (wish.state !== 'paused' || !wish.reason || (agent?.pause_reasons.includes(wish.reason) ?? false))

const lateAfterMs = 8_000

/** A wish is only a command: it stays pending until the event that grants it has come back from the switch. */
export function usePresence(agent: AgentView | undefined) {
  const [wish, setWish] = useState<PresenceWish | null>(null)
  const [late, setLate] = useState(false)
  const offered = useQuery({ queryKey: ['presence'], queryFn: getPresence, staleTime: 60_000 })
  const command = useMutation({ mutationFn: setPresence, onError: () => setWish(null) })

  if (wish && command.isSuccess && granted(wish, agent)) {
    setWish(null)
    setLate(false)
  }
  useEffect(() => {
    if (!wish) return
    const timer = window.setTimeout(() => setLate(true), lateAfterMs)
    return () => window.clearTimeout(timer)
  }, [wish])

  const ask = (next: PresenceWish) => {
    setLate(false)
    setWish(next)
    command.mutate(next)
  }
  return {
    ask,
    pending: wish,
    late: wish !== null && late,
    error: command.error,
    failed: (command.data?.outcomes ?? []).filter((one) => one.outcome !== 'done'),
    reasons: offered.data?.reasons_offered ?? [],
  }
}
