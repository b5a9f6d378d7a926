import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { CallView, Card } from '../../contract/messages'
import { useFormat, useSay } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import { useCardShown, useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { IconPhoneCall, IconPhoneIncoming, IconPhoneOff, IconPhonePause } from '../../ui/icons'
import { toned, TierWord, type Tone } from '../../ui/parts'
import { PhoneNumber } from '../../ui/PhoneNumber'
import css from './CallPanel.module.css'
import { chosen, riddle } from './desk'
import { PromisedCall } from './PromisedCall'
import { Riddle } from './Riddle'
import { UrgentList } from './UrgentList'
import { useTitle } from './title'

export type CallMoment = 'coming' | 'talking' | 'left'

interface Props {
  call: CallView
  card: Card | undefined
  moment: CallMoment
}

/** One call on the desk: who, how valuable, on which line, how long, and what is urgent about him. */
export function CallPanel({ call, card, moment }: Props) {
  const { t } = useTranslation()
  const say = useSay()
  useCardShown(call.call)
  const client = chosen(card)
  const number = card ? card.number : call.ani
  const name = client?.name ?? call.client_name ?? call.ani_name
  const tier = [client?.tier, call.tier].find(Boolean)
  const line = useLineName(call.line)
  const puzzle = card && moment !== 'left' ? riddle(card) : null
  const nameless = {
    several: t('pop.who'),
    withheld: t('number.withheld'),
    unknown: t('pop.unknown'),
  }[(card && riddle(card)) ?? (number === null ? 'withheld' : 'unknown')]
  const heading = name ?? nameless
  const tierWord = tier ? say('tier', tier) : ''
  useTitle(moment === 'coming' ? heading : null)
  return (
    <section
      className={css.panel}
      style={toned(tones[moment](call))}
      data-moment={moment}
      data-testid={moment === 'coming' ? 'ringing-card' : `${moment}-card`}
      data-call={call.call}
      aria-label={t('agent.callPanel')}
    >
      {moment === 'coming' && (
        <p className="hidden-visually" role="alert">
          {t('call.announce', { name: heading, tier: tierWord, line })}
        </p>
      )}
      <div className={css.head}>
        <Moment call={call} moment={moment} />
        <Clock call={call} moment={moment} />
      </div>
      <div className={css.who}>
        <h2 className={css.name} data-testid="client-name">
          {heading}
        </h2>
        {tier && <TierWord tier={tier} label={tierWord} />}
      </div>
      <ul className={css.facts}>
        {number !== null && (
          <li className={css.number} data-testid="number">
            <PhoneNumber number={number} country />
          </li>
        )}
        {line && <li>{line}</li>}
        {moment === 'talking' && call.answered_at !== null && (
          <li>{t('call.waited', { time: stopwatch(call.answered_at - call.started_at) })}</li>
        )}
      </ul>
      {call.doubtful && <p className={css.doubt}>{t('call.doubtful')}</p>}
      {card?.callback && moment !== 'left' && <PromisedCall promise={card.callback} />}
      {client && moment !== 'left' && <UrgentList client={client} />}
      {card && puzzle && <Riddle card={card} puzzle={puzzle} />}
    </section>
  )
}

const tones: Record<CallMoment, (call: CallView) => Tone> = {
  coming: () => 'ringing',
  talking: (call) => (call.stage === 'held' ? 'paused' : 'talking'),
  left: (call) => (call.answered_at === null ? 'danger' : 'offline'),
}

function Moment({ call, moment }: { call: CallView; moment: CallMoment }) {
  const { t } = useTranslation()
  const held = call.stage === 'held'
  const [Icon, text] = {
    coming: [IconPhoneIncoming, call.stage === 'ringing' ? t('call.incoming') : t('call.coming')] as const,
    talking: [held ? IconPhonePause : IconPhoneCall, held ? t('call.held') : t('call.talking')] as const,
    left: [IconPhoneOff, call.answered_at === null ? t('call.missed') : t('call.last')] as const,
  }[moment]
  return (
    <span className={css.moment}>
      <Icon size={17} aria-hidden />
      {text}
    </span>
  )
}

function Clock({ call, moment }: { call: CallView; moment: CallMoment }) {
  const { t } = useTranslation()
  const format = useFormat()
  const from = moment === 'talking' ? (call.answered_at ?? call.started_at) : call.started_at
  const elapsed = useCallback((now: number) => stopwatch(now - from), [from])
  if (moment === 'left') return <span className={css.label}>{format.time(call.started_at)}</span>
  return (
    <span className={css.clock}>
      <Ticking className={css.time} text={elapsed} />
      <span className={css.label}>{moment === 'talking' ? t('call.talkTime') : t('call.waitedTotal')}</span>
    </span>
  )
}

function useLineName(code: string | null) {
  const { i18n } = useTranslation()
  const name = useLive(useCallback((state) => (code ? state.lines.get(code)?.name : undefined), [code]))
  return name?.[i18n.language] ?? code ?? ''
}
