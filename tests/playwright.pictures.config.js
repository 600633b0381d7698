// Pictures of the viewer's pages, compared with those in pictures/. They are of one machine's fonts
// and Chromium, so they run on demand: `npm run pictures`; `npm run pictures:update` takes them anew.

import { defineConfig } from '@playwright/test';

import base from './playwright.config.js';

export default defineConfig({
  ...base,
  testMatch: ['pictures/*.spec.js'],
  snapshotPathTemplate: 'pictures/{arg}{ext}',
  expect: {
    ...base.expect,
    // Edges of glyphs and of lines differ by a little between two runs.
    toHaveScreenshot: { maxDiffPixelRatio: 0.005, animations: 'disabled', caret: 'hide', scale: 'css' },
  },
  use: { ...base.use, bypassCSP: true, timezoneId: 'UTC', locale: 'en-GB' },
});
