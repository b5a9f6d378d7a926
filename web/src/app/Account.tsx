import { Menu, UnstyledButton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ApiError, signOut, type Theme } from '../contract/http'
import { languages, type Language } from '../i18n'
import { useChangeMe, useMe } from '../live/session'
import { Choice } from '../ui/Choice'
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
    <Menu position="bottom-end" width={264} shadow="md" keepMounted={false}>
      <Menu.Target>
        <UnstyledButton
          className={css.account}
          aria-label={`${me.name}: ${t('app.account')}`}
          data-testid="account"
        >
          <span className={css.initials} aria-hidden>
            {initials(me.name)}
          </span>
          <span className={css.accountName}>{me.name}</span>
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={css.menu}>
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
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void leave()}
          data-testid="sign-out"
        >
          {t('app.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
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
