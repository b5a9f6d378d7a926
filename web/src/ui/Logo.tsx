import { useTranslation } from 'react-i18next'
import css from './Logo.module.css'

/** Three tiers, the highest first. */
export function Logo({ large = false }: { large?: boolean }) {
  const { t } = useTranslation()
  const size = large ? 40 : 26
  return (
    <span className={`${css.logo} ${large ? css.large : ''}`}>
      <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="8" fill="#0b5f66" />
        <g fill="none" stroke="#fff" strokeWidth="3.2" strokeLinecap="round">
          <path d="M7 10h18" />
          <path d="M7 16h12" opacity=".8" />
          <path d="M7 22h6" opacity=".6" />
        </g>
      </svg>
      <span className={css.name}>{t('app.name')}</span>
    </span>
  )
}
