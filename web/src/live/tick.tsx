import { useLayoutEffect, useRef } from 'react'
import { useLiveConnection } from './hooks'

const tickers = new Set<() => void>()
let timer: number | undefined

function everySecond(tick: () => void) {
  tickers.add(tick)
  timer ??= window.setInterval(() => tickers.forEach((each) => each()), 1000)
  return () => {
    tickers.delete(tick)
    if (tickers.size > 0) return
    window.clearInterval(timer)
    timer = undefined
  }
}

interface Props {
  /** Text for a moment of the server's clock (seconds). Must be a stable function. */
  text: (now: number) => string
  className?: string | undefined
}

/** A text that follows the clock. It writes itself, so that hundreds of them cost no React work at all. */
export function Ticking({ text, className }: Props) {
  const { clock } = useLiveConnection()
  const place = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    const write = () => {
      const node = place.current
      const now = text(clock.now())
      if (node && node.textContent !== now) node.textContent = now
    }
    write()
    return everySecond(write)
  }, [clock, text])
  return <span ref={place} className={className} />
}
