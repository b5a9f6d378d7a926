import { Button } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { IconDeviceTv } from '../../ui/icons'

/** Everything larger, for a screen on the wall. */
export function TvSwitch() {
  const { t } = useTranslation()
  const { tv } = useSearch({ from: '/inside/floor' })
  const navigate = useNavigate({ from: '/floor' })
  return (
    <Button
      onClick={() => void navigate({ search: tv ? {} : { tv: 1 } })}
      aria-pressed={Boolean(tv)}
      variant="default"
      size="xs"
      leftSection={<IconDeviceTv size={15} aria-hidden />}
      data-testid="tv"
    >
      {tv ? t('floor.tvOff') : t('floor.tv')}
    </Button>
  )
}
