import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'

/** The tab's title says who is ringing, for whoever looks at another program at that moment. */
export function useTitle(ringing: string | null) {
  const { t } = useTranslation()
  useEffect(() => {
    if (!ringing) return
    document.title = `☎ ${ringing}`
    return () => {
      document.title = t('app.name')
    }
  }, [ringing, t])
}
