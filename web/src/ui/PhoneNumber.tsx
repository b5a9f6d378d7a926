import { useNational } from '../i18n/phone'
import css from './parts.module.css'

/** The number as people of its country write it; the full one on hover. */
export function PhoneNumber({ number, country = false }: { number: string; country?: boolean }) {
  const shown = useNational()(number)
  return (
    <span className={css.number} title={number}>
      {shown.text}
      {country && shown.country && <span className={css.country}>{shown.country}</span>}
    </span>
  )
}
