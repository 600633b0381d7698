// HTMX: the page says what each control asks for; scripts only ask at the end of what they hear of.
import { POLL_MILLIS, background, backgroundUrl, caseUrl, finish, ready, stepUrl } from '../backend.js';

const button = (id, attributes) => `<button ${attributes}>${id}</button>`;
const html = (body) => `&type=text/html&body=${encodeURIComponent(body)}`;

/** What the page asks for, in the words of both generations; `names` says what each generation calls its events. */
export function start(htmx, names) {
  const follow = (id) => `<p hx-get="${caseUrl(id)}" hx-trigger="load" hx-swap="none">loading</p>`;
  const application = document.getElementById('application');
  application.innerHTML = `
    <div id="controls">
      ${button('click', `hx-get="${caseUrl('click')}" hx-swap="none"`)}
      ${button('delayed', `hx-get="${caseUrl('delayed')}" hx-trigger="click delay:80ms" hx-swap="none"`)}
      ${button('swapped-then-loads', `hx-get="${stepUrl('swapped-then-loads', 10, html(follow('swapped-then-loads')))}" hx-target="#a"`)}
      ${button('load-delayed', `hx-get="${stepUrl('load-delayed', 10, html(follow('load-delayed').replace('"load"', '"load delay:50ms"')))}" hx-target="#b"`)}
      ${button('after-swap', `hx-get="${stepUrl('after-swap', 20)}" hx-target="#c"`)}
      ${button('after-settle', `hx-get="${stepUrl('after-settle', 20)}" hx-target="#d"`)}
      ${button('swap-delayed', `hx-get="${stepUrl('swap-delayed', 0, html(follow('swap-delayed')))}" hx-swap="innerHTML swap:60ms settle:30ms" hx-target="#e"`)}
      ${button('custom-event', `onclick="htmx.trigger('#listener', 'saved')"`)}
      ${button('failed', `hx-get="${stepUrl('failed', 0, '&status=500')}" hx-target="#f"`)}
      ${button('ajax', 'data-ajax')}
      <form hx-get="${caseUrl('form')}" hx-swap="none">${button('form', '')}</form>
      <input aria-label="debounced-input" name="q" hx-get="${caseUrl('debounced-input')}" hx-trigger="input changed delay:300ms" hx-swap="none">
    </div>
    <div id="a"></div><div id="b"></div><div id="c"></div><div id="d"></div><div id="e"></div><div id="f"></div><div id="g"></div>
    <div id="listener" hx-get="${caseUrl('custom-event')}" hx-trigger="saved" hx-swap="none"></div>
    <div id="polls"></div>
  `;
  document.querySelector('[data-ajax]').addEventListener('click', () => { htmx.ajax('GET', stepUrl('ajax', 10), '#g').then(() => { finish('ajax'); }); });
  const told = new Set();
  const hear = (event, id, isAbout) => document.addEventListener(event, ({ target, detail }) => {
    if (told.has(id) || !isAbout(target, detail)) return;
    told.add(id);
    finish(id);
  });
  // HTMX 4 tells the element that asked, HTMX 2 the one that was changed.
  hear(names.afterSwap, 'after-swap', (target) => target.id === 'c' || target.textContent === 'after-swap');
  hear(names.afterSettle, 'after-settle', (target) => target.id === 'd');
  hear(names.failed, 'failed', (target) => target.textContent === 'failed');
  if (background) {
    const polls = document.getElementById('polls');
    polls.innerHTML = `<div hx-get="${backgroundUrl('polling')}" hx-trigger="every ${POLL_MILLIS}ms" hx-swap="none"></div>`;
    // It replaces itself, and the new one asks again.
    const again = `<div hx-get="${backgroundUrl('load-polling')}" hx-trigger="load delay:${POLL_MILLIS}ms" hx-swap="none" class="again"></div>`;
    const place = document.createElement('div');
    polls.append(place);
    const renew = () => { place.innerHTML = again; htmx.process(place); };
    document.addEventListener(names.afterRequest, (event) => { if ([event.target, event.detail?.ctx?.sourceElement].some((element) => element?.className.includes?.('again'))) renew(); });
    renew();
  }
  htmx.process(application);
  ready();
}
