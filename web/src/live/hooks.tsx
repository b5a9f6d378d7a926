import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import type { CallKey } from '../contract/messages'
import { LiveConnection, type Surroundings } from './connection'
import type { LiveState } from './state'
import { browser } from './surroundings'

const Live = createContext<LiveConnection | null>(null)

export function LiveProvider({ children, around = browser }: { children: ReactNode; around?: Surroundings }) {
  const live = useMemo(() => new LiveConnection(around), [around])
  useEffect(() => {
    const hurry = () => live.hurry()
    live.start()
    window.addEventListener('online', hurry)
    return () => {
      window.removeEventListener('online', hurry)
      live.stop()
    }
  }, [live])
  return <Live value={live}>{children}</Live>
}

export function useLiveConnection() {
  const live = useContext(Live)
  if (!live) throw new Error('useLiveConnection outside LiveProvider')
  return live
}

export const useConnection = () => {
  const live = useLiveConnection()
  return useSyncExternalStore(live.subscribe, live.connection)
}

/** False until the first snapshot is here: before that there is nothing true to show. */
export const useSnapshotHere = () => {
  const live = useLiveConnection()
  return useSyncExternalStore(live.subscribe, () => live.state() !== null)
}

function remembered<T>(read: () => LiveState | null, select: (state: LiveState) => T, same: Same<T>) {
  let from: LiveState | null = null
  let value: T | undefined
  return (): T => {
    const state = read()
    if (!state) throw new Error('nothing to show before the first snapshot')
    if (from === state) return value as T
    const next = select(state)
    if (from === null || !same(value as T, next)) value = next
    from = state
    return value as T
  }
}

type Same<T> = (a: T, b: T) => boolean

/** For selectors that build a new list each time out of parts that have kept their identity. */
export const sameItems: Same<readonly unknown[]> = (a, b) =>
  a.length === b.length && a.every((item, i) => Object.is(item, b[i]))

/** A part of the live state; draws again only when that part has changed. `select` must be a stable function. */
export function useLive<T>(select: (state: LiveState) => T, same: Same<T> = Object.is): T {
  const live = useLiveConnection()
  const read = useMemo(() => remembered(live.state, select, same), [live, select, same])
  return useSyncExternalStore(live.subscribe, read)
}

/** Tells the server that the popped card of this call stands on the screen: two pictures after it was laid out. */
export function useCardShown(call: CallKey) {
  const live = useLiveConnection()
  const seq = useSyncExternalStore(live.subscribe, () => live.state()?.pops.get(call))
  useLayoutEffect(() => {
    if (seq === undefined) return
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => live.cardShown(call, seq))
    })
    return () => cancelAnimationFrame(frame)
  }, [live, call, seq])
}
