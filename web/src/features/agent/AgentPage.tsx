import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { CallView, Card } from '../../contract/messages'
import { sameItems, useLive } from '../../live/hooks'
import { IconUser } from '../../ui/icons'
import { Empty } from '../../ui/parts'
import css from './AgentPage.module.css'
import { CallPanel, type CallMoment } from './CallPanel'
import { cardOf, chosen, coming, left, riddle, talking } from './desk'
import { ClientCardView } from './ClientCardView'
import { IdlePanel } from './IdlePanel'
import { PresencePanel } from './PresencePanel'

/** The sidebar: who I am, who is calling, who that is. Narrow it is one column, wide the card gets the room. */
export function AgentPage() {
  const { t } = useTranslation()
  const current = useLive(talking)
  const next = useLive(coming, sameItems)
  const last = useLive(left)
  const idle = !current && next.length === 0
  return (
    <div className={css.page}>
      <h1 className="hidden-visually">{t('agent.title')}</h1>
      <div className={css.now}>
        <PresencePanel />
        {next.map((call) => (
          <OpenCall key={call.call} call={call} moment="coming" />
        ))}
        {current && <OpenCall key={current.call} call={current} moment="talking" />}
        {idle && <IdlePanel />}
        {idle && last && <CallPanel call={last.call} card={last.card} moment="left" />}
      </div>
      <div className={css.card}>
        {current || next[0] ? (
          <OpenCard call={(current ?? next[0])?.call ?? ''} />
        ) : (
          <CardOrNothing card={last?.card} gone />
        )}
      </div>
    </div>
  )
}

function OpenCall({ call, moment }: { call: CallView; moment: CallMoment }) {
  const select = useMemo(() => cardOf(call.call), [call.call])
  const card = useLive(select)
  return <CallPanel call={call} card={card} moment={moment} />
}

function OpenCard({ call }: { call: string }) {
  const select = useMemo(() => cardOf(call), [call])
  return <CardOrNothing card={useLive(select)} />
}

const noCard = { several: 'pop.notChosen', unknown: 'pop.noCard', withheld: 'pop.noNumber' } as const

function CardOrNothing({ card, gone = false }: { card: Card | undefined; gone?: boolean }) {
  const { t } = useTranslation()
  const client = chosen(card)
  if (client) return <ClientCardView key={client.id} client={client} gone={gone} />
  const puzzle = card && !gone ? riddle(card) : null
  const title = t(puzzle ? noCard[puzzle] : 'agent.cardEmpty')
  return (
    <div className={css.noCard}>
      <Empty icon={<IconUser size={44} stroke={1.2} aria-hidden />} title={title} />
    </div>
  )
}
