import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

const two = (n: number) => String(n).padStart(2, '0')

/** A clock that runs: `0:07`, `12:40`, `1:05:09`. Seconds in, never negative. */
export function stopwatch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** Whole days from one ISO date to another. */
export const daysBetween = (from: string, to: string) =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000)

export function formats(language: string) {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 })
  const day = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
  const month = new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' })
  const moment = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const time = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const fromNow = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const names = new Intl.DisplayNames(language, { type: 'language' })
  const unit = (n: number, name: 'day' | 'hour' | 'minute' | 'second') =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(n)

  const span = (seconds: number) => {
    const minutes = Math.max(0, Math.floor(seconds / 60))
    const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
    if (d > 0) return h > 0 ? `${unit(d, 'day')} ${unit(h, 'hour')}` : unit(d, 'day')
    if (h > 0) return m > 0 ? `${unit(h, 'hour')} ${unit(m, 'minute')}` : unit(h, 'hour')
    return unit(m, 'minute')
  }

  return {
    number: (n: number) => number.format(n),
    percent: (share: number) => percent.format(share),
    /** A code that is no ISO currency is written behind the number. */
    money: (n: number, currency: string) =>
      !/^[A-Z]{3}$/i.test(currency)
        ? `${number.format(n)} ${currency}`
        : new Intl.NumberFormat(language, {
            style: 'currency',
            currency,
            currencyDisplay: 'narrowSymbol',
            maximumFractionDigits: Number.isInteger(n) || Math.abs(n) >= 1000 ? 0 : 2,
          }).format(n),
    day: (iso: string) => day.format(new Date(`${iso}T00:00:00Z`)),
    month: (iso: string) => month.format(new Date(`${iso}T00:00:00Z`)),
    moment: (seconds: number) => moment.format(seconds * 1000),
    time: (seconds: number) => time.format(seconds * 1000),
    inDays: (days: number) => fromNow.format(days, 'day'),
    languageName: (code: string) => names.of(code) ?? code,
    /** A length of time in words that a person would say: `3 d 4 h`, `2 h 10 min`, `6 min`. */
    span,
    /** Between two clocks: to the second while it is less than an hour. */
    difference: (seconds: number) => {
      const whole = Math.round(seconds)
      if (whole >= 3600) return span(whole)
      const [m, s] = [Math.floor(whole / 60), whole % 60]
      return [m > 0 && unit(m, 'minute'), (s > 0 || m === 0) && unit(s, 'second')].filter(Boolean).join(' ')
    },
  }
}

/** Numbers, money and moments in the reader's language. */
export function useFormat() {
  const { i18n } = useTranslation()
  return useMemo(() => formats(i18n.language), [i18n.language])
}
