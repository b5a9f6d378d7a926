import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveState } from '../../live/state'
import { useLive } from '../../live/hooks'
import { useFormat } from '../../i18n'
import { PhoneNumber } from '../../ui/PhoneNumber'
import { Word } from '../../ui/parts'
import { hasSeveralPbxs, staleSince } from './floor'
import css from './Names.module.css'

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

/** On which telephone system, when there are several; and whether that one still tells us anything. */
export function Where({ pbx }: { pbx: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const several = useLive(hasSeveralPbxs)
  const since = useLive(useCallback((state: LiveState) => staleSince(state, pbx), [pbx]))
  return (
    <>
      {several && <small className={css.pbx}>{pbx}</small>}
      {since !== null && (
        <Word tone="danger" testid="as-of">
          {t('floor.asOf', { time: format.time(since) })}
        </Word>
      )}
    </>
  )
}
