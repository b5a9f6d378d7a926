import { Link, Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { LiveProvider, useConnection, useSnapshotHere } from '../live/hooks'
import { useMe } from '../live/session'
import { Logo } from '../ui/Logo'
import { Empty } from '../ui/parts'
import { Account } from './Account'
import { ConnectionWord, Troubles } from './Connection'
import css from './Frame.module.css'
import { useTaste } from './taste'

/** What stands around every page behind sign-in: one live connection, who is there, and whether it is all true. */
export function Frame() {
  useTaste()
  return (
    <LiveProvider>
      <Inside />
    </LiveProvider>
  )
}

function Inside() {
  const { t } = useTranslation()
  const me = useMe()
  const here = useSnapshotHere()
  const { tv } = useSearch({ strict: false })
  useLeaveWhenSignedOut()
  return (
    <div className={`${css.frame} ${tv ? css.tv : ''}`}>
      <a className={css.skip} href="#content">
        {t('app.skip')}
      </a>
      <header className={css.header}>
        <Logo />
        {me.role !== 'agent' && (
          <nav className={css.nav} aria-label={t('app.pages')}>
            <Link
              to="/floor"
              className={css.link}
              activeProps={{ className: css.here, 'aria-current': 'page' }}
            >
              {t('app.toFloor')}
            </Link>
            {me.interface && (
              <Link
                to="/agent"
                className={css.link}
                activeProps={{ className: css.here, 'aria-current': 'page' }}
              >
                {t('app.toAgent')}
              </Link>
            )}
          </nav>
        )}
        <div className={css.side}>
          <ConnectionWord />
          <Account />
        </div>
      </header>
      <Troubles />
      <main id="content" className={css.content} tabIndex={-1}>
        {here ? <Outlet /> : <Empty title={t('connection.waiting')} hint={t('connection.waitingHint')} />}
      </main>
    </div>
  )
}

function useLeaveWhenSignedOut() {
  const { state } = useConnection()
  const navigate = useNavigate()
  useEffect(() => {
    if (state === 'signed_out') void navigate({ to: '/sign-in', search: { ended: true } })
  }, [state, navigate])
}
