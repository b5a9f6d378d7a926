import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import { useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { toned, type Tone } from '../../ui/parts'
import { free, longestSince, talkingCount, waitingCount } from './floor'
import css from './Pulse.module.css'

/** Four figures to read from across the room. */
export function Pulse() {
  const { t } = useTranslation()
  const format = useFormat()
  const queue = useLive(waitingCount)
  const talking = useLive(talkingCount)
  const ready = useLive(free)
  const since = useLive(longestSince)
  const elapsed = useCallback((now: number) => (since === null ? '–' : stopwatch(now - since)), [since])
  const waitTone = queue > 0 ? 'ringing' : 'offline'
  return (
    <div className={css.pulse}>
      <Figure label={t('floor.figures.waiting')} tone={waitTone} testid="pulse-waiting">
        {format.number(queue)}
      </Figure>
      <Figure label={t('floor.figures.longest')} tone={waitTone} testid="pulse-longest">
        <Ticking text={elapsed} />
      </Figure>
      <Figure label={t('floor.figures.talking')} tone="talking" testid="pulse-talking">
        {format.number(talking)}
      </Figure>
      <Figure label={t('floor.figures.free')} tone="available" testid="pulse-free">
        {format.number(ready)}
      </Figure>
    </div>
  )
}

interface FigureProps {
  label: string
  tone: Tone
  testid: string
  children: React.ReactNode
}

function Figure({ label, tone, testid, children }: FigureProps) {
  return (
    <p className={css.figure} style={toned(tone)}>
      <strong data-testid={testid}>{children}</strong>
      <span>{label}</span>
    </p>
  )
}
