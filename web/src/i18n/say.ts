import { useTranslation } from 'react-i18next'

type Family = 'reason' | 'tier' | 'outcome'

/** Words that a policy or the switch may add to: shown translated when we know them, as they are when not. */
export function useSay() {
  const { t, i18n } = useTranslation()
  return (family: Family, word: string): string =>
    i18n.exists(`${family}.${word}`) ? t(`${family}.${word}` as 'tier.vip') : word
}
