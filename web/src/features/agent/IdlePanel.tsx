import { useTranslation } from 'react-i18next'
import type { LiveState } from '../../live/state'
import { sameItems, useLive } from '../../live/hooks'
import { IconCoffee, IconHeadset, IconPhoneOff, IconPower } from '../../ui/icons'
import { Empty } from '../../ui/parts'
import css from './IdlePanel.module.css'
import { myself } from './desk'
import { standing } from './presence'

const myLines = (state: LiveState) => {
  const codes = myself(state)?.lines ?? []
  return codes.map((code) => state.lines.get(code)?.name ?? code)
}

/** Nothing is ringing: say why, and what would have to happen. */
export function IdlePanel() {
  const { t, i18n } = useTranslation()
  const agent = useLive(myself)
  const hasPhone = useLive((state) => state.viewer.interface !== null)
  const lines = useLive(myLines, sameItems)
  if (!hasPhone) return null
  const now =
    agent?.state === 'unreachable' && standing(agent) === 'available' ? 'unreachable' : standing(agent)
  const says = {
    available: [IconHeadset, t('agent.idle.ready'), t('agent.idle.readyHint')],
    paused: [IconCoffee, t('agent.idle.paused'), t('agent.idle.pausedHint')],
    offline: [IconPower, t('agent.idle.offline'), t('agent.idle.offlineHint')],
    unreachable: [IconPhoneOff, t('agent.idle.unreachable'), t('device.hint')],
  } as const
  const [Icon, title, hint] = says[now]
  return (
    <div className={css.idle} data-testid="idle">
      <Empty icon={<Icon size={36} stroke={1.4} aria-hidden />} title={title} hint={hint} />
      {lines.length > 0 && (
        <div className={css.lines}>
          <span>{t('agent.lines')}</span>
          <ul>
            {lines.map((name, i) => (
              <li key={i}>
                {typeof name === 'string' ? name : (name[i18n.language] ?? Object.values(name)[0])}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
