import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  // AssemblyScript has types of its own.
  globalIgnores([
    'dist/',
    'dist-demo/',
    'dist-docs/',
    'dist-samples/',
    'public/',
    'src/**/assembly/',
    'python/src/gradlens/static/',
  ]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', 400],
      'no-duplicate-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // TypeScript does this one, and knows the globals of each environment.
      'no-undef': 'off',
      // Index arithmetic is in bounds for reasons that types cannot see; `?? 0` there would hide a mistake.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // TensorFlow.js hands out its classes (a Variable, a backend) as interfaces; a cast is the only way to them.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    rules: {
      // A cast that is written as JSDoc is no part of the tree that these look at.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // What hosts give an adapter has no types. tests/hosts runs each in its host.
    files: ['python/**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    files: ['tests/**', 'scripts/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.property.name="waitForFunction"] > :function[async=true]',
          message:
            'Playwright does not await it, and takes its promise for true. Poll with expect.poll and evaluate.',
        },
      ],
    },
  },
  {
    files: ['src/elements/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          name: 'lit/directives/style-map.js',
          message:
            'It writes a style attribute, which a strict policy refuses; bind .style instead.',
        },
      ],
    },
  },
)
