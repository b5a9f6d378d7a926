import { useTranslation } from 'react-i18next'
import type { LinkView } from '../../contract/messages'
import { useFormat } from '../../i18n'
import { sameItems, useLive } from '../../live/hooks'
import { IconClockExclamation } from '../../ui/icons'
import { Notice } from '../../ui/parts'
import { wrongClocks } from './floor'

/** A telephone system whose clock is wrong: harmless here, but not for its own records. */
export function WrongClocks() {
  const links = useLive(wrongClocks, sameItems)
  return links.map((link) => <WrongClock key={link.pbx} link={link} />)
}

function WrongClock({ link }: { link: LinkView }) {
  const { t } = useTranslation()
  const format = useFormat()
  const offset = link.clock_offset ?? 0
  const span = format.difference(Math.abs(offset))
  return (
    <Notice tone="ringing" icon={<IconClockExclamation size={18} aria-hidden />} testid="wrong-clock">
      <strong>{t(offset > 0 ? 'floor.clockBehind' : 'floor.clockAhead', { pbx: link.pbx, span })}</strong>{' '}
      {t('floor.clockHint')}
    </Notice>
  )
}
