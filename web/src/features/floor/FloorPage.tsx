import { useTranslation } from 'react-i18next'
import { AgentsPanel } from './AgentsPanel'
import css from './FloorPage.module.css'
import { LinesPanel } from './LinesPanel'
import { Pulse } from './Pulse'
import { ProgressPanel } from './ProgressPanel'
import { WaitingPanel } from './WaitingPanel'
import { WrongClocks } from './WrongClocks'
import { TvSwitch } from './TvSwitch'

export function FloorPage() {
  const { t } = useTranslation()
  return (
    <div className={css.page}>
      <div className={css.head}>
        <h1 className={css.title}>{t('floor.title')}</h1>
        <TvSwitch />
      </div>
      <WrongClocks />
      <Pulse />
      <LinesPanel />
      <div className={css.columns}>
        <div className={css.column}>
          <WaitingPanel />
          <ProgressPanel />
        </div>
        <AgentsPanel />
      </div>
    </div>
  )
}
