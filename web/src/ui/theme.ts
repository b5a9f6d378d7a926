import { createTheme } from '@mantine/core'

/** Petrol: calm enough to look at all day, and none of the colours that mean a state. */
export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  colors: {
    dark: [
      '#e9f0f3',
      '#c3ced4',
      '#a3b3bc',
      '#6f818b',
      '#35444d',
      '#28353d',
      '#1a252c',
      '#151e24',
      '#0d1418',
      '#090e11',
    ],
    petrol: [
      '#eaf6f6',
      '#d3eaeb',
      '#a8d4d6',
      '#79bdc1',
      '#4fb0b3',
      '#2a8f94',
      '#17757b',
      '#0b5f66',
      '#084c52',
      '#05373b',
    ],
  },
  fontFamily: "'Manrope Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Manrope Variable', system-ui, sans-serif", fontWeight: '650' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
})
