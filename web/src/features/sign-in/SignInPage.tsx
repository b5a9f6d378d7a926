import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, signIn, type Me } from '../../contract/http'
import { languages, speak, type Language } from '../../i18n'
import { Choice } from '../../ui/Choice'
import { IconAlertTriangle, IconLock } from '../../ui/icons'
import { Logo } from '../../ui/Logo'
import { Notice } from '../../ui/parts'
import css from './SignInPage.module.css'

interface Props {
  /** He was signed in until a moment ago. */
  ended: boolean
  onSignedIn: (me: Me) => void
}

export function SignInPage({ ended, onSignedIn }: Props) {
  const { t, i18n } = useTranslation()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [tried, setTried] = useState(false)
  const loginField = useRef<HTMLInputElement>(null)
  const passwordField = useRef<HTMLInputElement>(null)
  const attempt = useMutation({
    mutationFn: () => signIn({ login: login.trim(), password }),
    onSuccess: onSignedIn,
    onError: () => passwordField.current?.select(),
  })

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setTried(true)
    if (!login.trim()) loginField.current?.focus()
    else if (!password) passwordField.current?.focus()
    else if (!attempt.isPending) attempt.mutate()
  }

  return (
    <main className={css.page}>
      <div className={css.box}>
        <div className={css.brand}>
          <Logo large />
          <p>{t('app.tagline')}</p>
        </div>
        <form className={css.form} onSubmit={submit} noValidate aria-labelledby="sign-in-title">
          <h1 id="sign-in-title" className={css.title}>
            {t('signIn.title')}
          </h1>
          {ended && !attempt.isError && (
            <Notice tone="ringing" icon={<IconLock size={18} aria-hidden />}>
              {t('signIn.ended')}
            </Notice>
          )}
          {attempt.isError && (
            <div role="alert">
              <Notice tone="danger" icon={<IconAlertTriangle size={18} aria-hidden />} testid="sign-in-error">
                <Refusal error={attempt.error} />
              </Notice>
            </div>
          )}
          <TextInput
            ref={loginField}
            label={t('signIn.login')}
            value={login}
            onChange={(event) => setLogin(event.currentTarget.value)}
            error={tried && !login.trim() && t('signIn.loginNeeded')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            // The page has nothing else to do: whoever opens it wants to type here.
            data-autofocus
            autoFocus // eslint-disable-line jsx-a11y/no-autofocus
            size="md"
            data-testid="login"
          />
          <PasswordInput
            ref={passwordField}
            label={t('signIn.password')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={tried && !password && t('signIn.passwordNeeded')}
            autoComplete="current-password"
            size="md"
            data-testid="password"
          />
          <Button type="submit" size="md" fullWidth loading={attempt.isPending} data-testid="submit">
            {t('signIn.submit')}
          </Button>
        </form>
        <Choice<Language>
          label={t('app.language')}
          hideLabel
          value={i18n.language as Language}
          options={Object.entries(languages).map(([value, label]) => ({ value: value as Language, label }))}
          onChange={(language) => void speak(language)}
          testid="language"
        />
      </div>
    </main>
  )
}

function Refusal({ error }: { error: Error }) {
  const { t } = useTranslation()
  if (!(error instanceof ApiError)) return t('signIn.refused', { why: error.message })
  if (error.status === 401) return t('signIn.wrong')
  if (error.status === 429) return t('signIn.tooMany')
  if (error.code === 'server_away') return t('signIn.away')
  return t('signIn.refused', { why: error.message || error.code })
}
