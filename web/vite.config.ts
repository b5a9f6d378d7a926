import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const backend = process.env.TIERLINE_BACKEND ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', assetsInlineLimit: 0, manifest: true },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': backend,
      '/live': { target: backend, ws: true },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/app/test-setup.ts'],
    restoreMocks: true,
  },
})
