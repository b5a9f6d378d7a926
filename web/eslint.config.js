import js from '@eslint/js'
import i18next from 'eslint-plugin-i18next'
import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import globals from 'globals'
import ts from 'typescript-eslint'

/** Imports point one way: app → features → live → contract; ui and i18n lie below them all. */
const above = {
  contract: ['live', 'features', 'app', 'ui', 'i18n'],
  i18n: ['live', 'features', 'app', 'ui', 'contract'],
  ui: ['live', 'features', 'app', 'contract'],
  live: ['features', 'app', 'ui'],
  'features/sign-in': ['app', 'features/agent', 'features/floor'],
  'features/agent': ['app', 'features/sign-in', 'features/floor'],
  'features/floor': ['app', 'features/sign-in', 'features/agent'],
}

const borders = Object.entries(above).map(([folder, forbidden]) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((name) => ({
          regex: `^(\\.\\./)+(features/)?${name.replace('features/', '')}(/|$)`,
          message: `${folder} may not import ${name}: imports point one way (see eslint.config.js).`,
        })),
      },
    ],
  },
}))

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/contract/*.generated.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'vite.config.ts'],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true }, globals: globals.browser },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The router redirects by throwing what `redirect()` returns.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allow: [{ from: 'package', package: '@tanstack/router-core', name: 'Redirect' }] },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.tsx'],
    ignores: ['src/**/*.test.tsx'],
    plugins: { i18next },
    extends: [hooks.configs.flat.recommended, a11y.flatConfigs.strict],
    rules: {
      'i18next/no-literal-string': ['error', { mode: 'jsx-text-only' }],
      // A part that scrolls has to be reachable by keyboard.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: [], roles: ['group'] }],
    },
  },
  { files: ['scripts/**/*.mjs', '*.js'], languageOptions: { globals: globals.node } },
  ...borders,
)
