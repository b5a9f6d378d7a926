import type { Me } from '../contract/http'

/** Where somebody's work is. */
export const home = (me: Me) => (me.role === 'agent' ? '/agent' : '/floor')
