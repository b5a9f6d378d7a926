import { Button, Loader, TextInput, UnstyledButton } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, chooseClient, createClient } from '../../contract/http'
import type { Card } from '../../contract/messages'
import { languages, useSay, type Language } from '../../i18n'
import { Choice } from '../../ui/Choice'
import { IconEyeOff, IconUserQuestion, IconUsers } from '../../ui/icons'
import { TierWord } from '../../ui/parts'
import type { Riddle as Puzzle } from './desk'
import css from './Riddle.module.css'

/** Who it is cannot be told from the number alone: the agent says it, and it is remembered. */
export function Riddle({ card, puzzle }: { card: Card; puzzle: Puzzle }) {
  const { t } = useTranslation()
  if (puzzle === 'several') return <Choose card={card} />
  if (puzzle === 'withheld') {
    return (
      <div className={css.riddle} data-testid="withheld">
        <p className={css.says}>
          <IconEyeOff size={17} aria-hidden />
          {t('pop.withheld')}
        </p>
        <Create card={card} />
      </div>
    )
  }
  return (
    <div className={css.riddle} data-testid="unknown">
      <p className={css.says}>
        <IconUserQuestion size={17} aria-hidden />
        {t('pop.unknownHint')}
      </p>
      <Create card={card} />
    </div>
  )
}

function useWhyNot(error: Error | null) {
  const { t } = useTranslation()
  if (!(error instanceof ApiError)) return null
  return error.code === 'server_away' ? t('pop.away') : t('pop.failed', { why: error.message || error.code })
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null

function Choose({ card }: { card: Card }) {
  const { t } = useTranslation()
  const say = useSay()
  const choice = useMutation({ mutationFn: (id: number) => chooseClient(card.call, id) })
  const why = useWhyNot(choice.error)
  const { mutate } = choice

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return
      const client = /^[1-9]$/.test(event.key) ? card.clients[Number(event.key) - 1] : undefined
      if (client) mutate(client.id)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [card.clients, mutate])

  return (
    <div className={css.riddle} data-testid="choose">
      <p className={css.says}>
        <IconUsers size={17} aria-hidden />
        {t('pop.choose', { count: card.clients.length })}
      </p>
      <ol className={css.options}>
        {card.clients.map((client, i) => (
          <li key={client.id}>
            <UnstyledButton
              className={css.option}
              onClick={() => mutate(client.id)}
              disabled={choice.isPending}
              data-testid="choose-client"
            >
              <kbd className={css.key}>
                {choice.isPending && choice.variables === client.id ? <Loader size={12} /> : i + 1}
              </kbd>
              <span className={css.optionName}>
                {client.name}
                {client.segment && <small>{client.segment}</small>}
              </span>
              {client.tier && <TierWord tier={client.tier} label={say('tier', client.tier)} />}
            </UnstyledButton>
          </li>
        ))}
      </ol>
      <p className={css.hint}>{t('pop.chooseHint', { count: Math.min(9, card.clients.length) })}</p>
      {why && (
        <p role="alert" className={css.error}>
          {why}
        </p>
      )}
    </div>
  )
}

function Create({ card }: { card: Card }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [language, setLanguage] = useState<Language>('ru')
  const [tried, setTried] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const creation = useMutation({
    mutationFn: () =>
      createClient({
        name: name.trim(),
        language,
        call: card.call,
        ...(card.number?.startsWith('+') ? { phone: card.number } : {}),
      }),
  })
  const why = useWhyNot(creation.error)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setTried(true)
    if (!name.trim()) field.current?.focus()
    else if (!creation.isPending) creation.mutate()
  }
  useEffect(() => {
    if (open) field.current?.focus()
  }, [open])

  if (!open) {
    return (
      <Button variant="light" size="sm" onClick={() => setOpen(true)} data-testid="create-open">
        {t('pop.create')}
      </Button>
    )
  }
  return (
    <form className={css.form} onSubmit={submit} noValidate data-testid="create-form">
      <TextInput
        ref={field}
        label={t('pop.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={tried && !name.trim() && t('pop.nameNeeded')}
        autoComplete="off"
        maxLength={200}
        data-testid="create-name"
      />
      <Choice<Language>
        label={t('pop.language')}
        value={language}
        options={Object.entries(languages).map(([value, label]) => ({ value: value as Language, label }))}
        onChange={setLanguage}
      />
      <Button type="submit" loading={creation.isPending} data-testid="create-submit">
        {t('pop.create')}
      </Button>
      {why && (
        <p role="alert" className={css.error}>
          {why}
        </p>
      )}
    </form>
  )
}
