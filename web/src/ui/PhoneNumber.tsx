import { national } from '../i18n/format'
import css from './parts.module.css'

/** The number as people of its country write it; the full one on hover. */
export function PhoneNumber({ number, country = false }: { number: string; country?: boolean }) {
  const shown = national(number)
  return (
    <span className={css.number} title={number}>
      {shown.text}
      {country && shown.country && <span className={css.country}>{shown.country}</span>}
    </span>
  )
}
