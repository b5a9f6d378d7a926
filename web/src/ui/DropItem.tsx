import { UnstyledButton } from '@mantine/core'
import css from './Drop.module.css'

interface Props {
  icon?: React.ReactNode
  onClick: () => void
  children: React.ReactNode
  testid: string
}

export function DropItem({ icon, onClick, children, testid }: Props) {
  return (
    <UnstyledButton className={css.item} onClick={onClick} data-testid={testid}>
      {icon}
      {children}
    </UnstyledButton>
  )
}
