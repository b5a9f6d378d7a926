import { useTranslation } from 'react-i18next'
import type { ClientCard, ContractCard, Entitlement } from '../../contract/messages'
import { useFormat } from '../../i18n'
import { daysBetween } from '../../i18n/format'
import { useLiveConnection } from '../../live/hooks'
import { Bar, Panel } from '../../ui/parts'
import { isoDay } from './day'
import css from './Sections.module.css'

export function Contracts({ client }: { client: ClientCard }) {
  const { t } = useTranslation()
  return (
    <Panel title={t('client.contracts')} count={client.contracts.length} testid="contracts">
      {client.contracts.length === 0 ? (
        <p className={css.none}>{t('client.noContracts')}</p>
      ) : (
        <ul className={css.list}>
          {client.contracts.map((contract) => (
            <li key={contract.id}>
              <Contract contract={contract} currency={client.currency} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Contract({ contract, currency }: { contract: ContractCard; currency: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      <div className={css.row}>
        <span className={css.title}>{contract.service}</span>
        <span>{t('client.fee', { money: format.money(contract.monthly_fee, currency) })}</span>
      </div>
      <div className={css.row}>
        <span className={css.quiet}>{`${contract.number} · ${t(`level.${contract.service_level}`)}`}</span>
        <Expiry expires={contract.expires_on} />
      </div>
      {contract.entitlements.length > 0 && (
        <ul className={css.entitlements}>
          {contract.entitlements.map((entitlement) => (
            <li key={entitlement.name}>
              <Entitled entitlement={entitlement} currency={currency} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Expiry({ expires }: { expires: string | null }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { clock } = useLiveConnection()
  if (!expires) return <span className={css.quiet}>{t('client.endless')}</span>
  const days = daysBetween(isoDay(clock.now()), expires)
  const until = t('client.until', { date: format.day(expires) })
  if (days < 0) return <span className={css.late}>{until}</span>
  if (days > 30) return <span className={css.quiet}>{until}</span>
  return <span className={css.soon}>{`${until} · ${t('client.daysLeft', { count: days })}`}</span>
}

function Entitled({ entitlement, currency }: { entitlement: Entitlement; currency: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { name, unit, included, used, price } = entitlement
  const amount =
    included === null
      ? t('client.unlimited', { used: `${format.number(used)} ${unit}` })
      : t('client.used', { used: format.number(used), included: format.number(included), unit })
  const share = included ? used / included : included === 0 ? 1 : 0
  return (
    <>
      <div className={css.row}>
        <span>{name}</span>
        <span className={css.quiet}>{amount}</span>
      </div>
      {included !== null && <Bar share={share} {...(share >= 0.9 ? { tone: 'ringing' as const } : {})} />}
      {price !== null && included !== null && share >= 0.9 && (
        <p className={css.quiet}>{t('client.beyond', { money: format.money(price, currency), unit })}</p>
      )}
    </>
  )
}
