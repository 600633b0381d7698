// For a page whose policy forbids WebAssembly.
import { initSync } from '@throughline/tracer/csp';

initSync({ service: window.settings.service, endpoint: window.settings.endpoint });

const button = document.createElement('button');
button.textContent = 'strict';
button.addEventListener('click', async () => {
  const response = await fetch(`/api/step/strict?run=${window.settings.service}`);
  await response.json();
  fetch(`/api/case/strict?run=${window.settings.service}`);
});
document.getElementById('application').append(button);
document.body.setAttribute('data-application', 'ready');
