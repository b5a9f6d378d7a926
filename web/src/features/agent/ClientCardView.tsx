import { useTranslation } from 'react-i18next'
import type { ClientCard } from '../../contract/messages'
import { useFormat, useSay } from '../../i18n'
import { IconBuilding, IconLock, IconUser } from '../../ui/icons'
import { TierWord, Word } from '../../ui/parts'
import { PhoneNumber } from '../../ui/PhoneNumber'
import { Sparkline } from '../../ui/Sparkline'
import { Cases } from './Cases'
import css from './ClientCardView.module.css'
import { Contracts } from './Contracts'
import { History } from './History'
import { Notes } from './Notes'
import { Offers } from './Offers'

interface Props {
  client: ClientCard
  /** His call is over: the card of the last call. */
  gone: boolean
}

export function ClientCardView({ client, gone }: Props) {
  const { t } = useTranslation()
  return (
    <article
      className={css.card}
      aria-label={t('agent.cardPanel')}
      data-testid="client-card"
      data-client={client.id}
    >
      <Head client={client} gone={gone} />
      <div className={css.columns}>
        <div className={css.column}>
          <Contracts client={client} />
          <Offers offers={client.offers} />
        </div>
        <div className={css.column}>
          <Cases cases={client.cases} />
          <Notes notes={client.notes} />
        </div>
      </div>
      <History interactions={client.interactions} />
    </article>
  )
}

function Head({ client, gone }: Props) {
  const { t } = useTranslation()
  const say = useSay()
  const format = useFormat()
  const personal = client.personal_agents.map((agent) => agent.name).join(', ')
  const Icon = client.kind === 'company' ? IconBuilding : IconUser
  const facts: [string, string][] = [
    [t('client.segment'), client.segment ?? '—'],
    [t('client.level'), t(`level.${client.service_level}`)],
    [t('client.agent'), personal || t('client.noAgent')],
    [t('client.speaks'), client.language ? format.languageName(client.language) : '—'],
  ]
  return (
    <header className={css.head}>
      <div className={css.who}>
        <span className={css.kind} aria-hidden>
          <Icon size={24} stroke={1.6} />
        </span>
        <div className={css.names}>
          <div className={css.nameRow}>
            <h2 className={css.name}>{client.name}</h2>
            {client.tier && <TierWord tier={client.tier} label={say('tier', client.tier)} />}
            {client.blocked && (
              <Word tone="danger" icon={<IconLock size={13} aria-hidden />}>
                {t('urgent.blocked')}
              </Word>
            )}
            {gone && <Word tone="offline">{t('call.last')}</Word>}
          </div>
          <p className={css.sub}>
            {[t(`client.${client.kind}`), client.external_id && t('client.id', { id: client.external_id })]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <ul className={css.phones} aria-label={t('client.phones')}>
            {client.phones.map((phone) => (
              <li key={phone}>
                <PhoneNumber number={phone} />
              </li>
            ))}
          </ul>
        </div>
      </div>
      <Revenue client={client} />
      <dl className={css.facts}>
        {facts.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  )
}

function Revenue({ client }: { client: ClientCard }) {
  const { t } = useTranslation()
  const format = useFormat()
  const amounts = client.revenue.map((month) => month.amount)
  const first = client.revenue[0]
  const last = client.revenue.at(-1)
  if (client.arpu === null) return <p className={css.noRevenue}>{t('client.noRevenue')}</p>
  return (
    <div className={css.revenue} title={t('client.arpuHint')}>
      <div>
        <p className={css.arpu} data-testid="arpu">
          {format.money(client.arpu, client.currency)}
        </p>
        <p className={css.label}>{t('client.arpu')}</p>
      </div>
      {first && last && amounts.length > 1 && (
        <figure className={css.spark}>
          <Sparkline
            values={amounts}
            label={t('client.revenueLabel', {
              count: amounts.length,
              least: format.money(Math.min(...amounts), client.currency),
              most: format.money(Math.max(...amounts), client.currency),
            })}
          />
          <figcaption className={css.months}>
            <span>{format.month(first.month)}</span>
            <span>{format.month(last.month)}</span>
          </figcaption>
        </figure>
      )}
    </div>
  )
}
