import css from './parts.module.css'

interface Props {
  values: number[]
  label: string
}

const [width, height, inset] = [200, 44, 4]

/** Bars of equal width from zero, the last one strong: a year at a glance. */
export function Sparkline({ values, label }: Props) {
  const top = Math.max(...values, 1)
  const step = width / values.length
  return (
    <svg
      className={css.spark}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.map((value, i) => {
        const tall = Math.max(1.5, (Math.max(0, value) / top) * (height - inset))
        const recent = i >= values.length - 3
        return (
          <rect
            key={i}
            x={i * step + step * 0.14}
            y={height - tall}
            width={step * 0.72}
            height={tall}
            rx={1.5}
            fill="var(--accent)"
            opacity={recent ? 1 : 0.38}
          />
        )
      })}
    </svg>
  )
}
