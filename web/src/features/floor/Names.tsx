import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveState } from '../../live/state'
import { useLive } from '../../live/hooks'
import { PhoneNumber } from '../../ui/PhoneNumber'

export function CallerNumber({ number }: { number: string | null }) {
  const { t } = useTranslation()
  return number === null ? <span>{t('number.withheld')}</span> : <PhoneNumber number={number} />
}

export function LineName({ code }: { code: string | null }) {
  const { i18n } = useTranslation()
  const name = useLive(
    useCallback((state: LiveState) => (code ? state.lines.get(code)?.name : undefined), [code]),
  )
  return <span>{name?.[i18n.language] ?? code ?? '–'}</span>
}
