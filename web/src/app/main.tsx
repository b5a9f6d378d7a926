import '@fontsource-variable/manrope/wght.css'
import './mantine.css'
import '../ui/tokens.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { startI18n } from '../i18n'
import { theme } from '../ui/theme'
import { makeRouter } from './router'

const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 1 } } })
const router = makeRouter(queries)

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

const place = document.getElementById('root')
if (!place) throw new Error('index.html has no #root')
await startI18n()
createRoot(place).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" deduplicateCssVariables={false}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
