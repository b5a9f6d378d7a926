import { Loader } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { LinkView } from '../contract/messages'
import { useFormat } from '../i18n'
import { sameItems, useConnection, useLive, useSnapshotHere } from '../live/hooks'
import type { LiveState } from '../live/state'
import { IconAlertTriangle, IconWifiOff } from '../ui/icons'
import { Notice, Word } from '../ui/parts'
import css from './Frame.module.css'

export function ConnectionWord() {
  const { t } = useTranslation()
  const format = useFormat()
  const { state, since } = useConnection()
  if (state === 'live') {
    return (
      <span data-testid="connection" data-state="live" role="status">
        <Word tone="available" icon={<span className={css.pulse} aria-hidden />}>
          {t('connection.live')}
        </Word>
      </span>
    )
  }
  const text =
    state === 'connecting'
      ? t('connection.connecting')
      : t('connection.reconnecting', { time: format.time(since / 1000) })
  return (
    <span data-testid="connection" data-state={state} role="status">
      <Word
        tone={state === 'connecting' ? 'offline' : 'danger'}
        icon={<Loader size={11} color="currentColor" aria-hidden />}
      >
        {text}
      </Word>
    </span>
  )
}

/** Whatever makes this page less than the truth, said across the whole width. */
export function Troubles() {
  const here = useSnapshotHere()
  return (
    <div className={css.troubles}>
      <Stale />
      {here && <BrokenLinks />}
    </div>
  )
}

function Stale() {
  const { t } = useTranslation()
  const format = useFormat()
  const { state, since } = useConnection()
  if (state !== 'reconnecting') return null
  return (
    <Notice tone="danger" icon={<IconWifiOff size={18} aria-hidden />} testid="stale">
      {t('connection.stale', { time: format.time(since / 1000) })}
    </Notice>
  )
}

const brokenLinks = (state: LiveState) => [...state.links.values()].filter((link) => link.state !== 'up')

function BrokenLinks() {
  const links = useLive(brokenLinks, sameItems)
  return links.map((link) => <BrokenLink key={link.pbx} link={link} />)
}

function BrokenLink({ link }: { link: LinkView }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (link.state === 'up') return null
  const says = t(`connection.pbx.${link.state}`, { pbx: link.pbx, time: format.time(link.since) })
  const grave = link.state === 'down' || link.state === 'refused'
  return (
    <Notice
      tone={grave ? 'danger' : 'ringing'}
      icon={<IconAlertTriangle size={18} aria-hidden />}
      testid="pbx-link"
    >
      <strong>{says}</strong>
      {link.why && ` (${link.why})`}
      {`. ${t('connection.pbxHint')}`}
    </Notice>
  )
}
