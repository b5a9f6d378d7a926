import { Loader, UnstyledButton } from '@mantine/core'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../../contract/http'
import type { AgentView, DeviceState } from '../../contract/messages'
import { useSay } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import { useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { Drop } from '../../ui/Drop'
import { DropItem } from '../../ui/DropItem'
import { IconAlertTriangle, IconChevronDown, IconCircleCheck, IconCoffee, IconPower } from '../../ui/icons'
import { Notice, toned, type Tone } from '../../ui/parts'
import { AgentStateWord, DeviceWord } from '../../ui/StateWords'
import css from './Presence.module.css'
import { myself } from './desk'
import { standing, usePresence, type Standing } from './presence'

const unreachable: DeviceState[] = ['unregistered', 'unknown']

export function PresencePanel() {
  const { t } = useTranslation()
  const hasPhone = useLive((state) => state.viewer.interface !== null)
  const agent = useLive(myself)
  if (!hasPhone) {
    return (
      <Notice tone="ringing" icon={<IconAlertTriangle size={18} aria-hidden />} testid="no-interface">
        {t('presence.noInterface')}
      </Notice>
    )
  }
  return (
    <section className={css.panel} aria-label={t('presence.label')} data-testid="presence">
      <Now agent={agent} />
      <Control agent={agent} />
      {agent && standing(agent) !== 'offline' && unreachable.includes(agent.device) && (
        <Notice tone="danger" icon={<IconAlertTriangle size={18} aria-hidden />} testid="device-hint">
          {t('device.hint')}
        </Notice>
      )}
    </section>
  )
}

function Now({ agent }: { agent: AgentView | undefined }) {
  const say = useSay()
  const since = agent?.since
  const elapsed = useCallback((now: number) => (since ? stopwatch(now - since) : ''), [since])
  return (
    <div className={css.now}>
      <AgentStateWord state={agent?.state ?? 'offline'} testid="agent-state" />
      {agent && agent.pause_reasons.length > 0 && (
        <span className={css.reasons}>
          {agent.pause_reasons.map((reason) => say('reason', reason)).join(', ')}
        </span>
      )}
      {agent && <Ticking className={css.elapsed} text={elapsed} />}
      <span className={css.device}>
        <DeviceWord device={agent?.device ?? 'unknown'} />
      </span>
    </div>
  )
}

const icons = { available: IconCircleCheck, paused: IconCoffee, offline: IconPower }
const labels = { available: 'state.available', paused: 'state.paused', offline: 'state.offline' } as const

function Control({ agent }: { agent: AgentView | undefined }) {
  const { t } = useTranslation()
  const say = useSay()
  const presence = usePresence(agent)
  const now = standing(agent)
  const option = (state: Standing, props: { onClick?: () => void; menu?: boolean } = {}) => (
    <Option
      tone={state}
      icon={icons[state]}
      label={t(labels[state])}
      on={now === state}
      waiting={presence.pending?.state === state}
      {...props}
    />
  )
  return (
    <>
      <div className={css.control} role="group" aria-label={t('presence.label')} data-testid="state-control">
        {option('available', { onClick: () => presence.ask({ state: 'available' }) })}
        <Drop width="target" target={(toggle) => option('paused', { onClick: toggle, menu: true })}>
          {(close) =>
            presence.reasons.map((reason) => (
              <DropItem
                key={reason}
                onClick={() => {
                  close()
                  presence.ask({ state: 'paused', reason })
                }}
                testid={`pause-${reason}`}
              >
                {say('reason', reason)}
              </DropItem>
            ))
          }
        </Drop>
        {option('offline', { onClick: () => presence.ask({ state: 'offline' }) })}
      </div>
      <Outcome presence={presence} />
    </>
  )
}

interface OptionProps extends React.ComponentProps<'button'> {
  tone: Tone & Standing
  icon: typeof IconPower
  label: string
  on: boolean
  waiting: boolean
  menu?: boolean
}

/** Shows as pressed only what the switch has confirmed; what was asked for shows that it is being waited for. */
function Option({ tone, icon: Icon, label, on, waiting, menu = false, ...button }: OptionProps) {
  return (
    <UnstyledButton
      {...button}
      className={css.option}
      style={toned(tone)}
      aria-pressed={on}
      aria-busy={waiting}
      data-on={on}
      data-testid={`set-${tone}`}
    >
      {waiting ? <Loader size={16} color="currentColor" /> : <Icon size={17} aria-hidden />}
      <span>{label}</span>
      {menu && <IconChevronDown size={13} aria-hidden />}
    </UnstyledButton>
  )
}

function Outcome({ presence }: { presence: ReturnType<typeof usePresence> }) {
  const { t } = useTranslation()
  const { pending, late, error, failed } = presence
  const text = (() => {
    if (late) return t('presence.late')
    if (pending) return t('presence.pending')
    if (error instanceof ApiError) {
      return error.code === 'server_away'
        ? t('presence.away')
        : t('presence.refused', { why: error.message || error.code })
    }
    if (failed.length > 0) {
      const list = failed.map((one) => `${one.queue}: ${one.message || t(`presence.outcome.${one.outcome}`)}`)
      return t('presence.failed', { list: list.join('; ') })
    }
    return null
  })()
  const grave = !pending || late
  return (
    <p
      role="status"
      className={text ? css.outcome : 'hidden-visually'}
      data-grave={grave}
      data-testid="state-outcome"
    >
      {text}
    </p>
  )
}
