import { memo, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { CallView } from '../../contract/messages'
import { useSay } from '../../i18n'
import { stopwatch } from '../../i18n/format'
import { sameItems, useLive } from '../../live/hooks'
import { Ticking } from '../../live/tick'
import { IconHeadset } from '../../ui/icons'
import { Empty, Panel, tierTone, TierWord, toned } from '../../ui/parts'
import { CallerNumber, LineName, Where } from './Names'
import { waiting } from './floor'
import css from './Calls.module.css'

export function WaitingPanel() {
  const { t } = useTranslation()
  const calls = useLive(waiting, sameItems)
  return (
    <Panel title={t('floor.queue')} count={calls.length} hint={t('floor.queueHint')} testid="waiting">
      {calls.length === 0 ? (
        <Empty
          icon={<IconHeadset size={32} stroke={1.4} aria-hidden />}
          title={t('floor.queueEmpty')}
          hint={t('floor.queueEmptyHint')}
        />
      ) : (
        <div className={css.scroll} role="group" aria-label={t('floor.queue')} tabIndex={0}>
          <table className={css.table}>
            <thead>
              <tr>
                <th scope="col" className={css.place}>
                  <abbr title={t('floor.position')}>#</abbr>
                </th>
                <th scope="col">{t('floor.client')}</th>
                <th scope="col" className={css.minor}>
                  {t('floor.number')}
                </th>
                <th scope="col">{t('floor.line')}</th>
                <th scope="col" className={css.right}>
                  {t('floor.wait')}
                </th>
              </tr>
            </thead>
            <tbody>
              {calls.map((call) => (
                <WaitingRow key={call.call} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

const WaitingRow = memo(function WaitingRow({ call }: { call: CallView }) {
  const { t } = useTranslation()
  const say = useSay()
  const since = call.joined_at ?? call.started_at
  const elapsed = useCallback((now: number) => stopwatch(now - since), [since])
  return (
    <tr
      className={css.row}
      style={toned(tierTone(call.tier))}
      data-testid="waiting-row"
      data-call={call.call}
      data-tier={call.tier ?? ''}
    >
      <td className={css.place}>{call.position ?? '–'}</td>
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
      <td>
        <LineName code={call.line} />
      </td>
      <td className={css.right}>
        <Ticking className={css.time} text={elapsed} />
      </td>
    </tr>
  )
})
