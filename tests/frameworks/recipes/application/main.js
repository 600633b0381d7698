// A small application that imports the tracer before anything else. `settings` is what the page says.
import { initSync, trace } from '@throughline/tracer';

const tracer = initSync({ service: window.settings.service, endpoint: window.settings.endpoint, version: '1.2.3' });

const button = document.createElement('button');
button.textContent = 'save';
button.addEventListener('click', async () => {
  const response = await fetch(`/api/step/save?run=${window.settings.service}`);
  await response.json();
  await trace('save it', async () => {
    const { saveLater } = await import('./later.js');
    await saveLater(window.settings.service);
  });
});
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const work = document.createElement('button');
work.textContent = 'work';
work.addEventListener('click', () => { worker.postMessage(window.settings.service); });

document.getElementById('application').append(button, work);
window.tracerVersion = tracer.version;
document.body.setAttribute('data-application', 'ready');
