import { useTranslation } from 'react-i18next'
import type { Card } from '../../contract/messages'
import { useFormat } from '../../i18n'
import { IconPhoneCall } from '../../ui/icons'
import css from './UrgentList.module.css'

/** Why the agent's phone rings although nobody called: when he was promised this call, and what about. */
export function PromisedCall({ promise }: { promise: NonNullable<Card['callback']> }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ul className={css.list} aria-label={t('callback.label')} data-testid="promised-call">
      <li>
        <IconPhoneCall size={16} aria-hidden />
        <span>
          <strong>{t('callback.promised')}</strong>
          <span className={css.deadline}>
            {t(`callback.asked.${promise.asked_by}`, { time: format.moment(promise.asked_at) })}
          </span>
          {promise.wanted_at !== null && (
            <span className={css.deadline}>
              {t('callback.wanted', { time: format.moment(promise.wanted_at) })}
            </span>
          )}
          {promise.note && <span className={css.deadline}>{promise.note}</span>}
          {promise.attempts > 0 && (
            <span className={css.deadline}>{t('callback.attempts', { count: promise.attempts })}</span>
          )}
        </span>
      </li>
    </ul>
  )
}
