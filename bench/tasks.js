// The longest task of a page's main thread, by the CPU that it took: what else runs on the machine does not count.

/**
 * Starts to listen. What it returns ends that, and says for each mark of the page (`performance.mark('task:NAME')`) how
 * many milliseconds the longest task took between it and the next one.
 *
 * @param {import('playwright-core').Browser} browser
 * @returns {Promise<() => Promise<Record<string, number>>>}
 */
export async function listenToTasks(browser) {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value.filter(isWanted)));
  const includedCategories = ['toplevel', 'disabled-by-default-devtools.timeline', 'blink.user_timing', '__metadata'];
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { recordMode: 'recordAsMuchAsPossible', traceBufferSizeInKb: 500_000, includedCategories, excludedCategories: ['*'] },
  });
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    return longest(events);
  };
}

const MARK = 'task:';

function isWanted(event) {
  return (event.ph === 'X' && /RunTask$/.test(event.name)) || event.name === 'thread_name' || event.name.startsWith(MARK);
}

function longest(events) {
  const mains = new Set(events.filter((event) => event.args?.name === 'CrRendererMain').map(thread));
  const ordered = events.filter((event) => mains.has(thread(event)) && event.name !== 'thread_name').sort((a, b) => a.ts - b.ts);
  const found = {};
  let current;
  for (const event of ordered) {
    if (event.name.startsWith(MARK)) {
      current = { name: event.name.slice(MARK.length), pid: event.pid };
      found[current.name] ??= 0;
    } else if (current?.pid === event.pid) {
      found[current.name] = Math.max(found[current.name], Math.round((event.tdur ?? 0) / 1000));
    }
  }
  return found;
}

function thread({ pid, tid }) {
  return `${pid}/${tid}`;
}
