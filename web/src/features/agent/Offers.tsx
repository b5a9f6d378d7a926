import { useTranslation } from 'react-i18next'
import type { OfferCard } from '../../contract/messages'
import { Panel, Word, type Tone } from '../../ui/parts'
import css from './Sections.module.css'

const tones: Record<OfferCard['state'], Tone> = {
  open: 'talking',
  accepted: 'available',
  later: 'ringing',
  declined: 'offline',
}

export function Offers({ offers }: { offers: OfferCard[] }) {
  const { t } = useTranslation()
  return (
    <Panel title={t('client.offers')} count={offers.length} testid="offers">
      {offers.length === 0 ? (
        <p className={css.none}>{t('client.noOffers')}</p>
      ) : (
        <ul className={css.list}>
          {offers.map((offer) => (
            <li key={offer.id}>
              <div className={css.row}>
                <span className={css.title}>{offer.title}</span>
                <Word tone={tones[offer.state]}>{t(`client.offer.${offer.state}`)}</Word>
              </div>
              <p className={css.quiet}>{offer.reason}</p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
