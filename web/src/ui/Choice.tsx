import { SegmentedControl } from '@mantine/core'
import { useId } from 'react'
import css from './Choice.module.css'

interface Props<T extends string> {
  label: string
  value: T
  options: { value: T; label: string }[]
  onChange: (value: T) => void
  hideLabel?: boolean
  testid?: string
}

/** One of a few, all in sight. */
export function Choice<T extends string>({ label, value, options, onChange, hideLabel, testid }: Props<T>) {
  const id = useId()
  return (
    <div className={css.choice} data-testid={testid}>
      <span id={id} className={hideLabel ? 'hidden-visually' : css.label}>
        {label}
      </span>
      <SegmentedControl<T>
        aria-labelledby={id}
        fullWidth
        size="xs"
        value={value}
        data={options}
        onChange={onChange}
        classNames={{ root: css.root, indicator: css.indicator, label: css.option }}
      />
    </div>
  )
}
