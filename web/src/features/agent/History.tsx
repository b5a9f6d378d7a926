import { UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InteractionCard } from '../../contract/messages'
import { useFormat } from '../../i18n'
import {
  IconArrowDownLeft,
  IconArrowUpRight,
  IconBuildingStore,
  IconMail,
  IconMessageCircle,
  IconPhone,
  IconPrinter,
  IconRobot,
  IconWorld,
} from '../../ui/icons'
import { Panel } from '../../ui/parts'
import css from './History.module.css'

type Channel = InteractionCard['channel']

const icons: Record<Channel, typeof IconPhone> = {
  phone: IconPhone,
  web: IconWorld,
  chat: IconMessageCircle,
  email: IconMail,
  fax: IconPrinter,
  ivr: IconRobot,
  shop: IconBuildingStore,
}

/** One time line of every contact on every channel, newest first. */
export function History({ interactions }: { interactions: InteractionCard[] }) {
  const { t } = useTranslation()
  const [channel, setChannel] = useState<Channel | null>(null)
  const present = (Object.keys(icons) as Channel[]).filter((one) =>
    interactions.some((i) => i.channel === one),
  )
  const shown = channel ? interactions.filter((one) => one.channel === channel) : interactions
  return (
    <Panel title={t('client.history')} count={interactions.length} testid="history">
      {interactions.length === 0 ? (
        <p className={css.none}>{t('client.noHistory')}</p>
      ) : (
        <>
          {present.length > 1 && (
            <div className={css.filter} role="group" aria-label={t('client.channels')}>
              <Filter label={t('client.all')} on={channel === null} onClick={() => setChannel(null)} />
              {present.map((one) => (
                <Filter
                  key={one}
                  label={t(`client.channel.${one}`)}
                  icon={icons[one]}
                  on={channel === one}
                  onClick={() => setChannel(one)}
                />
              ))}
            </div>
          )}
          <ol className={css.line}>
            {shown.map((one) => (
              <Interaction key={one.id} one={one} />
            ))}
          </ol>
          {shown.length === 0 && <p className={css.none}>{t('client.noneOfChannel')}</p>}
        </>
      )}
    </Panel>
  )
}

interface FilterProps {
  label: string
  icon?: typeof IconPhone
  on: boolean
  onClick: () => void
}

function Filter({ label, icon: Icon, on, onClick }: FilterProps) {
  return (
    <UnstyledButton className={css.chip} aria-pressed={on} onClick={onClick}>
      {Icon && <Icon size={14} aria-hidden />}
      {label}
    </UnstyledButton>
  )
}

function Interaction({ one }: { one: InteractionCard }) {
  const { t } = useTranslation()
  const format = useFormat()
  const Icon = icons[one.channel]
  const Arrow = one.direction === 'in' ? IconArrowDownLeft : IconArrowUpRight
  return (
    <li className={css.item}>
      <span className={css.dot} title={t(`client.channel.${one.channel}`)}>
        <Icon size={15} aria-hidden />
      </span>
      <div>
        <p className={css.meta}>
          <Arrow size={13} aria-hidden />
          <span>{`${t(`client.channel.${one.channel}`)} · ${t(`client.direction.${one.direction}`)}`}</span>
          <time dateTime={new Date(one.at * 1000).toISOString()}>{format.moment(one.at)}</time>
        </p>
        <p className={css.summary}>{one.summary}</p>
        <p className={css.meta}>{[one.topic, one.agent, one.disposition].filter(Boolean).join(' · ')}</p>
      </div>
    </li>
  )
}
