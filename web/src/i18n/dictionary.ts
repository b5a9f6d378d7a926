import type { en } from './en'

type Texts<T> = { [K in keyof T]: T[K] extends string ? string : Texts<T[K]> }
/** Russian has more plural forms than English: a language may add keys, never leave one out. */
type Plurals = Partial<Record<`${string}_${'few' | 'many'}`, string>>

type WithPlurals<T> = { [K in keyof T]: T[K] extends string ? T[K] : WithPlurals<T[K]> & Plurals }

export type Dictionary = WithPlurals<Texts<typeof en>>
