import { Tooltip } from '@mantine/core'
import { memo, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { LineView, TierFigures } from '../../contract/messages'
import { useFormat, useSay } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import { sameItems, useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { Bar, Empty, tierTone, TierWord, type Tone } from '../../ui/parts'
import { inTarget, lines, total } from './floor'
import css from './Lines.module.css'

/** One card per line, one row per tier. */
export function LinesPanel() {
  const { t } = useTranslation()
  const all = useLive(lines, sameItems)
  if (all.length === 0) return <Empty title={t('floor.noLines')} />
  return (
    <section className={css.lines} aria-label={t('floor.lines')}>
      {all.map((line) => (
        <Line key={line.line} line={line} />
      ))}
    </section>
  )
}

const Line = memo(function Line({ line }: { line: LineView }) {
  const { t, i18n } = useTranslation()
  const name = line.name[i18n.language] ?? line.line
  const sum = total(line.tiers)
  const most = Math.max(1, ...line.tiers.map((figures) => figures.waiting))
  return (
    <article className={css.line} data-testid="line" data-line={line.line}>
      <table className={css.table}>
        <caption className={css.name}>{name}</caption>
        <thead>
          <tr>
            <th scope="col">{t('floor.tier')}</th>
            <th scope="col">{t('floor.waiting')}</th>
            <th scope="col">{t('floor.longest')}</th>
            <th scope="col">{t('floor.offered')}</th>
            <th scope="col">{t('floor.answered')}</th>
            <th scope="col">{t('floor.abandoned')}</th>
            <th scope="col">{t('floor.inTarget')}</th>
          </tr>
        </thead>
        <tbody>
          {line.tiers.map((figures) => (
            <TierRow key={figures.tier} figures={figures} most={most} />
          ))}
        </tbody>
        {line.tiers.length > 1 && (
          <tfoot>
            <Figures label={t('floor.total')} figures={sum} />
          </tfoot>
        )}
      </table>
    </article>
  )
})

function TierRow({ figures, most }: { figures: TierFigures; most: number }) {
  const say = useSay()
  return (
    <Figures
      tier={figures.tier}
      label={<TierWord tier={figures.tier} label={say('tier', figures.tier)} />}
      figures={figures}
      most={most}
    />
  )
}

interface FiguresProps {
  label: React.ReactNode
  figures: Omit<TierFigures, 'tier'>
  tier?: string
  most?: number
}

function Figures({ label, figures, tier, most }: FiguresProps) {
  const format = useFormat()
  return (
    <tr data-testid={tier ? 'tier-row' : 'line-total'} data-tier={tier}>
      <th scope="row">{label}</th>
      <td className={css.waiting} data-some={figures.waiting > 0} data-testid="waiting-count">
        <span className={css.figure}>{format.number(figures.waiting)}</span>
        {tier !== undefined && most !== undefined && (
          <Bar share={figures.waiting / most} tone={tierTone(tier)} />
        )}
      </td>
      <td>
        <Longest since={figures.longest_since} />
      </td>
      <td>{format.number(figures.offered)}</td>
      <td data-testid="answered-count">{format.number(figures.answered)}</td>
      <td data-testid="abandoned-count">{format.number(figures.abandoned)}</td>
      <td>
        <InTarget figures={figures} />
      </td>
    </tr>
  )
}

function Longest({ since }: { since: number | null }) {
  const text = useCallback((now: number) => (since === null ? '–' : stopwatch(now - since)), [since])
  return <Ticking className={since === null ? css.none : css.longest} text={text} />
}

const levelTone = (share: number): Tone => (share >= 0.8 ? 'available' : share >= 0.6 ? 'ringing' : 'danger')

function InTarget({ figures }: { figures: Omit<TierFigures, 'tier'> }) {
  const { t } = useTranslation()
  const format = useFormat()
  const share = inTarget(figures)
  if (share === null) return <span className={css.none}>–</span>
  const formula = t('floor.inTargetHint', {
    good: figures.answered_in_target,
    early: figures.abandoned_in_target,
    answered: figures.answered,
    abandoned: figures.abandoned,
  })
  return (
    <Tooltip label={formula} multiline w={320} withArrow events={{ hover: true, focus: true, touch: true }}>
      <button type="button" className={css.level}>
        <span>{format.percent(share)}</span>
        <Bar share={share} tone={levelTone(share)} />
      </button>
    </Tooltip>
  )
}
