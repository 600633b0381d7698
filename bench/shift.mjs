import { Throughline } from '../tests/harness/throughline.js';
import { launch } from './browser.js';
import { sendTrace } from './traces.js';
const t = await Throughline.start(); const b = await launch();
await sendTrace(t.ingestUrl, { traceId: '7'.repeat(32), spans: 40 });
for (const path of ['/', '/search', '/services', '/map', '/sessions', '/setup', '/trace/' + '7'.repeat(32)]) for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  const c = await b.newContext({ viewport }); const p = await c.newPage();
  await p.addInitScript(() => { globalThis.shifts = []; new PerformanceObserver((l) => { for (const e of l.getEntries()) shifts.push([+e.value.toFixed(4), Math.round(e.startTime), e.sources.map((s) => [s.node?.outerHTML?.slice(0, 80) ?? s.node?.textContent, JSON.stringify([s.previousRect.y, s.previousRect.height, s.previousRect.x, s.previousRect.width]), JSON.stringify([s.currentRect.y, s.currentRect.height, s.currentRect.x, s.currentRect.width])].join(' | '))]); }).observe({ type: 'layout-shift', buffered: true }); });
  await p.goto(t.viewerUrl + path); await p.waitForLoadState('networkidle'); await p.waitForTimeout(400);
  const s = await p.evaluate(() => shifts); console.log(path, viewport.width, JSON.stringify(s, null, 1).replace(/\n\s+/g, ' '));
  await c.close();
}
await b.close(); await t.dispose();
