import { UnstyledButton } from '@mantine/core'
import { memo, useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AgentView } from '../../contract/messages'
import { useSay } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import { sameItems, useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { IconUsers } from '../../ui/icons'
import { Empty, Panel, toned } from '../../ui/parts'
import { agentStateNames, AgentStateWord, agentStateTone, type AgentStateName } from '../../ui/StateWords'
import css from './Agents.module.css'
import { agents } from './floor'
import { Where } from './Names'

const shownOrder: AgentStateName[] = ['available', 'ringing', 'in_call', 'paused', 'unreachable', 'offline']

export function AgentsPanel() {
  const { t } = useTranslation()
  const everyone = useLive(agents, sameItems)
  const [only, setOnly] = useState<AgentStateName | null>(null)
  const count = (state: AgentStateName) => everyone.filter((agent) => agent.state === state).length
  const shown = only ? everyone.filter((agent) => agent.state === only) : everyone
  return (
    <Panel title={t('floor.agents')} count={everyone.length} testid="agents">
      {everyone.length === 0 ? (
        <Empty
          icon={<IconUsers size={32} stroke={1.4} aria-hidden />}
          title={t('floor.agentsEmpty')}
          hint={t('floor.agentsEmptyHint')}
        />
      ) : (
        <>
          <div className={css.share} aria-hidden>
            {shownOrder
              .filter((state) => count(state) > 0)
              .map((state) => (
                <span key={state} style={{ ...toned(agentStateTone(state)), flexGrow: count(state) }} />
              ))}
          </div>
          <div className={css.filter} role="group" aria-label={t('floor.stage')}>
            {shownOrder
              .filter((state) => agentStateNames.includes(state) && (count(state) > 0 || only === state))
              .map((state) => (
                <UnstyledButton
                  key={state}
                  className={css.chip}
                  style={toned(agentStateTone(state))}
                  aria-pressed={only === state}
                  onClick={() => setOnly(only === state ? null : state)}
                  data-testid={`agents-${state}`}
                >
                  <strong>{count(state)}</strong>
                  {t(`state.${state}`)}
                </UnstyledButton>
              ))}
          </div>
          <div className={css.scroll} role="group" aria-label={t('floor.agents')} tabIndex={0}>
            <ul className={css.agents}>
              {shown.map((agent) => (
                <Agent key={agent.agent} agent={agent} />
              ))}
            </ul>
          </div>
        </>
      )}
    </Panel>
  )
}

const Agent = memo(function Agent({ agent }: { agent: AgentView }) {
  const say = useSay()
  const elapsed = useCallback((now: number) => stopwatch(now - agent.since), [agent.since])
  return (
    <li
      className={css.agent}
      style={toned(agentStateTone(agent.state))}
      data-testid="agent-row"
      data-agent={agent.interface}
      data-pbx={agent.pbx}
      data-state={agent.state}
    >
      <span className={css.name}>
        {agent.name} <Where pbx={agent.pbx} />
        {agent.pause_reasons.length > 0 && (
          <small>{agent.pause_reasons.map((reason) => say('reason', reason)).join(', ')}</small>
        )}
      </span>
      <AgentStateWord state={agent.state} />
      <Ticking className={css.since} text={elapsed} />
    </li>
  )
})
