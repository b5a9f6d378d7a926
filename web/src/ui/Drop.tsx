import { Popover } from '@mantine/core'
import { useState, type ReactElement } from 'react'
import css from './Drop.module.css'

interface Props {
  /** The button that opens it; it is told so by Mantine (aria-expanded, ref). */
  target: (toggle: () => void) => ReactElement
  width: number | 'target'
  children: (close: () => void) => React.ReactNode
}

/** A small panel that drops from a button; Escape or a click elsewhere closes it, focus goes back. */
export function Drop({ target, width, children }: Props) {
  const [opened, setOpened] = useState(false)
  const close = () => setOpened(false)
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      width={width}
      shadow="md"
      trapFocus
      returnFocus
      keepMounted={false}
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>{target(() => setOpened((now) => !now))}</Popover.Target>
      <Popover.Dropdown className={css.drop}>{children(close)}</Popover.Dropdown>
    </Popover>
  )
}
