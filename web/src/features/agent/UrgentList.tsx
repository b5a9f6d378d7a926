import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { ClientCard } from '../../contract/messages'
import { useFormat } from '../../i18n'
import { useLiveConnection } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { IconCalendarDue, IconClockExclamation, IconLock } from '../../ui/icons'
import { isoDay } from './day'
import { urgent, type Urgent } from './urgent'
import css from './UrgentList.module.css'

export function UrgentList({ client }: { client: ClientCard }) {
  const { t } = useTranslation()
  const { clock } = useLiveConnection()
  const things = urgent(client, isoDay(clock.now()))
  if (things.length === 0) return null
  return (
    <ul className={css.list} aria-label={t('urgent.label')} data-testid="urgent">
      {things.map((thing) => (
        <li key={`${thing.kind}${'id' in thing ? thing.id : ''}`} data-late={isLate(thing, clock.now())}>
          <Thing thing={thing} />
        </li>
      ))}
    </ul>
  )
}

function isLate(thing: Urgent, now: number) {
  if (thing.kind === 'contract') return thing.days < 0
  if (thing.kind === 'complaint') return thing.dueAt !== null && thing.dueAt < now
  return true
}

function Thing({ thing }: { thing: Urgent }) {
  const { t } = useTranslation()
  const format = useFormat()
  switch (thing.kind) {
    case 'blocked':
      return (
        <>
          <IconLock size={16} aria-hidden />
          <span>{t('urgent.blocked')}</span>
        </>
      )
    case 'complaint':
      return (
        <>
          <IconClockExclamation size={16} aria-hidden />
          <span>
            <strong>{thing.title}</strong>
            <Deadline dueAt={thing.dueAt} />
          </span>
        </>
      )
    case 'contract': {
      const key = thing.days < 0 ? 'urgent.expired' : 'urgent.expires'
      return (
        <>
          <IconCalendarDue size={16} aria-hidden />
          <span>{t(key, { number: thing.number, when: format.inDays(thing.days) })}</span>
        </>
      )
    }
  }
}

function Deadline({ dueAt }: { dueAt: number | null }) {
  const { t } = useTranslation()
  const { span } = useFormat()
  const text = useCallback(
    (now: number) => {
      if (dueAt === null) return t('urgent.complaint')
      return dueAt >= now
        ? t('urgent.complaintDue', { time: span(dueAt - now) })
        : t('urgent.complaintLate', { time: span(now - dueAt) })
    },
    [dueAt, span, t],
  )
  return <Ticking className={css.deadline} text={text} />
}
