import { fileURLToPath } from 'node:url';

import { defineConfig } from '@playwright/test';

const executablePath = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export default defineConfig({
  testDir: '.',
  outputDir: '.results/artefacts',
  // Every test may run on a machine that is busy with something else; none asserts a duration.
  timeout: 120_000,
  // All specs together: what hangs must be told of before the machine gives up on the whole run.
  globalTimeout: 45 * 60_000,
  expect: { timeout: 30_000 },
  workers: 1,
  // A browser beside other work loses a test now and then. Who passes when repeated is named, with what failed first.
  retries: 1,
  forbidOnly: true,
  // A picture that is missing is a failure; only `npm run pictures:update` writes one.
  updateSnapshots: 'none',
  reporter: [['line'], ['json', { outputFile: '.results/e2e.json' }], ['./harness/account-reporter.js', { outputFile: '.results/account.txt' }]],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath, args },
  },
  projects: [
    { name: 'e2e', testMatch: ['e2e/*.spec.js', 'interop/*.spec.js'] },
    {
      name: 'pictures',
      testMatch: ['pictures/*.spec.js'],
      snapshotPathTemplate: 'pictures/{arg}{ext}',
      expect: {
        timeout: 30_000,
        // Another machine rounds the edges of glyphs and lines a little differently, which `threshold` forgives; a component
        // that moved or is gone changes several times as many pixels as `maxDiffPixels`.
        toHaveScreenshot: { threshold: 0.03, maxDiffPixels: 150, animations: 'disabled', caret: 'hide', scale: 'css' },
      },
      use: {
        bypassCSP: true,
        timezoneId: 'UTC',
        locale: 'en-GB',
        screenshot: 'off',
        launchOptions: {
          executablePath,
          args: [...args, '--font-render-hinting=none', '--disable-lcd-text', '--disable-font-subpixel-positioning', '--force-color-profile=srgb', '--hide-scrollbars'],
          env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('pictures/fonts.conf', import.meta.url)) },
        },
      },
    },
  ],
});
