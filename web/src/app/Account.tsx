import { UnstyledButton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ApiError, signOut, type Theme } from '../contract/http'
import { languages, type Language } from '../i18n'
import { useChangeMe, useMe } from '../live/session'
import { Choice } from '../ui/Choice'
import { Drop } from '../ui/Drop'
import { DropItem } from '../ui/DropItem'
import { IconChevronDown, IconLogout } from '../ui/icons'
import css from './Frame.module.css'

const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0))
    .join('')
    .toUpperCase()

export function Account() {
  const { t } = useTranslation()
  const me = useMe()
  const change = useChangeMe()
  const leave = useSignOut()
  return (
    <Drop
      width={270}
      target={(toggle) => (
        <UnstyledButton
          className={css.account}
          onClick={toggle}
          aria-label={`${me.name}: ${t('app.account')}`}
          data-testid="account"
        >
          <span className={css.initials} data-initials={initials(me.name)} aria-hidden />
          <span className={css.accountName}>{me.name}</span>
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      )}
    >
      {() => (
        <>
          <div className={css.menuWho}>
            <strong>{me.name}</strong>
            <span>{`${t(`app.role.${me.role}`)} · ${me.login}`}</span>
          </div>
          <Choice<Language>
            label={t('app.language')}
            value={me.language}
            options={Object.entries(languages).map(([value, label]) => ({ value: value as Language, label }))}
            onChange={(language) => change.mutate({ language })}
            testid="language"
          />
          <Choice<Theme>
            label={t('app.theme.label')}
            value={me.theme}
            options={(['auto', 'light', 'dark'] as const).map((value) => ({
              value,
              label: t(`app.theme.${value}`),
            }))}
            onChange={(theme) => change.mutate({ theme })}
            testid="theme"
          />
          {change.isError && (
            <p role="alert" className={css.menuError}>
              {t('app.notSaved')}
            </p>
          )}
          <DropItem
            icon={<IconLogout size={16} aria-hidden />}
            onClick={() => void leave()}
            testid="sign-out"
          >
            {t('app.signOut')}
          </DropItem>
        </>
      )}
    </Drop>
  )
}

function useSignOut() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return async () => {
    try {
      await signOut()
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error
    }
    await navigate({ to: '/sign-in' })
    queries.clear()
  }
}
