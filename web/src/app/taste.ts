import { useMantineColorScheme } from '@mantine/core'
import { useEffect } from 'react'
import { speak } from '../i18n'
import { useMe } from '../live/session'

/** The signed-in person's language and theme rule over what this machine used last. */
export function useTaste() {
  const me = useMe()
  const { setColorScheme } = useMantineColorScheme()
  useEffect(() => void speak(me.language), [me.language])
  useEffect(() => setColorScheme(me.theme), [me.theme, setColorScheme])
}
