import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { CaseCard } from '../../contract/messages'
import { useFormat } from '../../i18n'
import { isoDay } from './day'
import { useLiveConnection } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { Panel, Word, type Tone } from '../../ui/parts'
import css from './Sections.module.css'

const tones: Record<CaseCard['kind'], Tone> = { complaint: 'danger', request: 'talking', task: 'offline' }

export function Cases({ cases }: { cases: CaseCard[] }) {
  const { t } = useTranslation()
  return (
    <Panel title={t('client.cases')} count={cases.length} testid="cases">
      {cases.length === 0 ? (
        <p className={css.none}>{t('client.noCases')}</p>
      ) : (
        <ul className={css.list}>
          {cases.map((one) => (
            <li key={one.id}>
              <Case one={one} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Case({ one }: { one: CaseCard }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      <div className={css.row}>
        <span className={css.title}>{one.title}</span>
        <Word tone={tones[one.kind]}>{t(`client.kind.${one.kind}`)}</Word>
      </div>
      <div className={css.row}>
        <span className={css.quiet}>
          {[one.topic, t('client.opened', { date: format.day(isoDay(one.opened_at)) })]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <Due dueAt={one.due_at} />
      </div>
    </>
  )
}

function Due({ dueAt }: { dueAt: number | null }) {
  const { t } = useTranslation()
  const { span } = useFormat()
  const { clock } = useLiveConnection()
  const text = useCallback(
    (now: number) => {
      if (dueAt === null) return t('client.noDeadline')
      return dueAt >= now
        ? t('client.due', { time: span(dueAt - now) })
        : t('client.overdue', { time: span(now - dueAt) })
    },
    [dueAt, span, t],
  )
  const left = dueAt === null ? Infinity : dueAt - clock.now()
  return <Ticking className={left < 0 ? css.late : left < 86_400 ? css.soon : css.quiet} text={text} />
}
