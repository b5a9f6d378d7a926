import { cleanup } from '@testing-library/react'
import { afterEach, vi } from 'vitest'

/** What jsdom lacks and Mantine asks for. */
vi.stubGlobal('matchMedia', (media: string) => ({
  matches: false,
  media,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}))
vi.stubGlobal(
  'ResizeObserver',
  class {
    observe = () => undefined
    unobserve = () => undefined
    disconnect = () => undefined
  },
)

afterEach(cleanup)
