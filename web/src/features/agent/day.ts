/** The local calendar day of a moment (seconds since the epoch), as an ISO date. */
export function isoDay(seconds: number): string {
  const day = new Date(seconds * 1000)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}
