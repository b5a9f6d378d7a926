import type parsePhoneNumber from 'libphonenumber-js/min'
import { useCallback, useSyncExternalStore } from 'react'

export interface National {
  text: string
  country: string | null
}

type Parse = typeof parsePhoneNumber

let parse: Parse | null = null
const listeners = new Set<() => void>()

/** The numbering plans of all countries weigh a tenth of the first load: they come right behind it. */
export async function loadNumberingPlans() {
  if (parse) return
  parse = (await import('libphonenumber-js/min')).default
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  void loadNumberingPlans()
  return () => void listeners.delete(listener)
}

/** National form and country of an E.164 number; anything else as it was heard. */
export function national(number: string, plans: Parse | null = parse): National {
  const parsed = plans?.(number)
  return parsed?.isPossible()
    ? { text: parsed.formatNational(), country: parsed.country ?? null }
    : { text: number, country: null }
}

export function useNational() {
  const plans = useSyncExternalStore(subscribe, () => parse)
  return useCallback((number: string) => national(number, plans), [plans])
}
