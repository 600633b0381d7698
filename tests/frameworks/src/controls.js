// Controls for the libraries that have none of their own.

/** A button for each id, which calls its handler with it. */
export function buttons(handlers) {
  const controls = document.createElement('div');
  controls.id = 'controls';
  for (const [id, handler] of Object.entries(handlers)) {
    const button = document.createElement('button');
    button.textContent = id;
    button.addEventListener('click', () => { handler(id); });
    controls.append(button);
  }
  document.getElementById('application').append(controls);
  return controls;
}

/** A text field, named by its label. */
export function field(id, controls) {
  const input = document.createElement('input');
  input.setAttribute('aria-label', id);
  controls.append(input);
  return input;
}
