import { memo, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { CallView } from '../../contract/messages'
import { useSay } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import type { LiveState } from '../../live/state'
import { sameItems, useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { Empty, Panel, TierWord } from '../../ui/parts'
import { StageWord } from '../../ui/StateWords'
import { CallerNumber, LineName, Where } from './Names'
import { agentName, progress } from './floor'
import css from './Calls.module.css'

export function ProgressPanel() {
  const { t } = useTranslation()
  const calls = useLive(progress, sameItems)
  return (
    <Panel title={t('floor.progress')} count={calls.length} testid="progress">
      {calls.length === 0 ? (
        <Empty title={t('floor.progressEmpty')} />
      ) : (
        <div className={css.scroll} role="group" aria-label={t('floor.progress')} tabIndex={0}>
          <table className={css.table}>
            <thead>
              <tr>
                <th scope="col">{t('floor.stage')}</th>
                <th scope="col">{t('floor.client')}</th>
                <th scope="col" className={css.minor}>
                  {t('floor.number')}
                </th>
                <th scope="col" className={css.minor}>
                  {t('floor.line')}
                </th>
                <th scope="col">{t('floor.agent')}</th>
                <th scope="col" className={css.right}>
                  {t('floor.time')}
                </th>
              </tr>
            </thead>
            <tbody>
              {calls.map((call) => (
                <ProgressRow key={call.call} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

const ProgressRow = memo(function ProgressRow({ call }: { call: CallView }) {
  const { t } = useTranslation()
  const say = useSay()
  const since = call.answered_at ?? call.started_at
  const elapsed = useCallback((now: number) => stopwatch(now - since), [since])
  const names = useAgentNames(call)
  return (
    <tr className={css.row} data-testid="progress-row" data-call={call.call} data-stage={call.stage}>
      <td>
        <StageWord stage={call.stage} />
      </td>
      <td>
        <span className={css.who}>
          <span className={css.name}>{call.client_name ?? call.ani_name ?? t('floor.unknown')}</span>
          {call.tier && <TierWord tier={call.tier} label={say('tier', call.tier)} />}
          <Where pbx={call.pbx} />
        </span>
      </td>
      <td className={css.minor}>
        <CallerNumber number={call.ani} />
      </td>
      <td className={css.minor}>
        <LineName code={call.line} />
      </td>
      <td className={css.agents}>{names || '–'}</td>
      <td className={css.right}>
        <Ticking className={css.time} text={elapsed} />
      </td>
    </tr>
  )
})

function useAgentNames(call: CallView) {
  const select = useCallback(
    (state: LiveState) => {
      const devices = call.talking.length > 0 ? call.talking : call.ringing
      return devices.map((device) => agentName(state, call, device)).join(', ')
    },
    [call],
  )
  return useLive(select)
}
