import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../contract/http'
import { Empty } from '../ui/parts'
import css from './Frame.module.css'

export function NoSuchPage() {
  const { t } = useTranslation()
  return (
    <main className={css.alone}>
      <Empty title={t('app.notFound')} />
      <Button component="a" href="/">
        {t('app.home')}
      </Button>
    </main>
  )
}

export function BrokenPage({ error }: { error: unknown }) {
  const { t } = useTranslation()
  const away = error instanceof ApiError && error.code === 'server_away'
  return (
    <main className={css.alone} role="alert">
      <Empty title={away ? t('signIn.away') : t('app.broken')} {...(away ? {} : { hint: String(error) })} />
      <Button onClick={() => window.location.reload()}>{t('app.reload')}</Button>
    </main>
  )
}
