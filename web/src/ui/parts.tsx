import type { ReactNode } from 'react'
import css from './parts.module.css'

export type Tone =
  'available' | 'ringing' | 'talking' | 'paused' | 'offline' | 'danger' | 'vip' | 'priority' | 'standard'

export const toned = (tone: Tone): React.CSSProperties => ({
  ['--tone' as string]: `var(--${tone})`,
  ['--tone-soft' as string]: `var(--${tone}-soft)`,
})

interface PanelProps {
  title: string
  count?: number
  hint?: string
  side?: ReactNode
  className?: string | undefined
  children: ReactNode
  testid?: string
}

export function Panel({ title, count, hint, side, className, children, testid }: PanelProps) {
  return (
    <section className={`${css.panel} ${className ?? ''}`} aria-label={title} data-testid={testid}>
      <div className={css.panelHead}>
        <h2 className={css.panelTitle}>{title}</h2>
        {count !== undefined && <span className={css.panelCount}>{count}</span>}
        {hint && <span className={css.panelHint}>{hint}</span>}
        {side && <div className={css.panelSide}>{side}</div>}
      </div>
      <div className={css.panelBody}>{children}</div>
    </section>
  )
}

interface WordProps {
  tone: Tone
  icon?: ReactNode
  children: ReactNode
  testid?: string
}

/** A state: always a word, its colour and (where there is room) an icon. */
export function Word({ tone, icon, children, testid }: WordProps) {
  return (
    <span className={css.word} style={toned(tone)} data-testid={testid}>
      {icon}
      {children}
    </span>
  )
}

const tierTones: Record<string, Tone> = { vip: 'vip', priority: 'priority' }
export const tierTone = (tier: string | null): Tone => tierTones[tier ?? ''] ?? 'standard'

/** One discreet word. */
export function TierWord({ tier, label }: { tier: string | null; label: string }) {
  return (
    <span className={css.tier} style={toned(tierTone(tier))} data-testid="tier" data-tier={tier ?? ''}>
      {label}
    </span>
  )
}

/** A share of 0 to 1 as a picture; the number itself stands beside it, so it is hidden from readers. */
export function Bar({ share, tone }: { share: number; tone?: Tone }) {
  const width = `${Math.max(0, Math.min(1, share)) * 100}%`
  return (
    <span className={css.bar} style={tone ? toned(tone) : undefined} aria-hidden>
      <span className={css.barFill} style={{ width }} />
    </span>
  )
}

export function Empty({ icon, title, hint }: { icon?: ReactNode; title: string; hint?: string }) {
  return (
    <div className={css.empty}>
      {icon}
      <p className={css.emptyTitle}>{title}</p>
      {hint && <p>{hint}</p>}
    </div>
  )
}

interface NoticeProps {
  tone: Tone
  icon: ReactNode
  children: ReactNode
  testid?: string
}

/** Something that a person should know now; announced when it appears. */
export function Notice({ tone, icon, children, testid }: NoticeProps) {
  return (
    <div role="status" className={css.notice} style={toned(tone)} data-testid={testid}>
      {icon}
      <div>{children}</div>
    </div>
  )
}
