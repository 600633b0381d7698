'use strict';

const ROWS = ['A', 'B', 'C', 'D', 'E', 'F'];
const SEATS_PER_ROW = 8;
const DAYS = 7;
const BOOK_LABEL = 'Book Now';

const form = document.getElementById('booking');
const seatMap = document.getElementById('seats');
const result = document.getElementById('result');
const bookButton = form.querySelector('[type=submit]');

// ── What is chosen ──────────────────────────────────────────────────────────

const chosen = (name) => form.querySelector(`input[name=${name}]:checked`)?.value ?? '';
const priceOf = (seat) => (seat[0] <= 'C' ? 11.5 : 14);
const euros = (amount) => `€${amount.toFixed(2)}`;

function isoDay(date) {
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function isOver(day, time) {
  return new Date(`${day}T${time}`) < new Date();
}

function drawDays() {
  const today = new Date();
  const times = [...form.elements.time].map((input) => input.value);
  const days = document.getElementById('days');
  for (let ahead = 0; ahead < DAYS; ahead += 1) {
    const date = new Date(today.getFullYear(), today.getMonth(), today.getDate() + ahead);
    const day = isoDay(date);
    const label = document.createElement('label');
    label.className = 'chip';
    const input = document.createElement('input');
    input.type = 'radio';
    input.name = 'date';
    input.value = day;
    input.className = 'chip__input';
    input.disabled = times.every((time) => isOver(day, time));
    const face = document.createElement('span');
    face.className = 'chip__face';
    face.textContent = ahead === 0 ? 'Today' : date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric' });
    label.append(input, face);
    days.append(label);
  }
  days.querySelector('input:not(:disabled)').checked = true;
}

function closePastTimes() {
  for (const input of form.elements.time) {
    input.disabled = isOver(chosen('date'), input.value);
    if (input.disabled) input.checked = false;
  }
  if (chosen('time')) return;
  const open = [...form.elements.time].filter((input) => !input.disabled);
  const evening = open.find((input) => input.value === '20:15') ?? open[0];
  if (evening) evening.checked = true;
}

function showChoice() {
  const seat = chosen('seat');
  document.getElementById('choice').textContent = seat ? `Row ${seat[0]}, seat ${seat.slice(1)}` : 'Choose a seat';
  document.getElementById('price').textContent = seat ? euros(priceOf(seat)) : '';
}

// ── The seat map ────────────────────────────────────────────────────────────

function drawSeats() {
  for (const row of ROWS) {
    const line = document.createElement('div');
    line.className = row === 'D' ? 'seats__row seats__row--gap' : 'seats__row';
    const name = document.createElement('span');
    name.className = 'seats__name';
    name.setAttribute('aria-hidden', 'true');
    name.textContent = row;
    line.append(name);
    for (let number = 1; number <= SEATS_PER_ROW; number += 1) {
      const seat = `${row}${number}`;
      const label = document.createElement('label');
      label.className = row <= 'C' ? 'seat' : 'seat seat--balcony';
      if (number === SEATS_PER_ROW / 2 + 1) label.classList.add('seat--aisle');
      const input = document.createElement('input');
      input.type = 'radio';
      input.name = 'seat';
      input.value = seat;
      input.className = 'seat__input';
      input.disabled = true;
      input.setAttribute('aria-label', `Row ${row}, seat ${number}, ${euros(priceOf(seat))}`);
      const face = document.createElement('span');
      face.className = 'seat__face';
      face.textContent = number;
      label.append(input, face);
      line.append(label);
    }
    seatMap.append(line);
  }
}

// Only what can be had carries the test id: the first `seat` is always a free one.
function markSold(sold) {
  for (const input of form.elements.seat) {
    const taken = sold.has(input.value);
    input.disabled = taken;
    input.parentElement.classList.toggle('seat--sold', taken);
    if (taken) {
      input.checked = false;
      delete input.dataset.testid;
    } else {
      input.dataset.testid = 'seat';
    }
  }
  showChoice();
}

let loads = 0;

async function loadSeats() {
  loads += 1;
  const load = loads;
  const error = document.getElementById('hall-error');
  seatMap.setAttribute('aria-busy', 'true');
  try {
    const query = new URLSearchParams({ film: chosen('film'), date: chosen('date'), time: chosen('time') });
    const response = await fetch(`/api/seats?${query}`, { headers: faultHeaders() });
    const body = await response.json();
    // A slower answer for a showing that is no longer chosen must not overwrite a newer one.
    if (load !== loads) return;
    if (!response.ok) throw new Error(body.detail);
    markSold(new Set(body.sold));
    error.hidden = true;
  } catch (cause) {
    if (load !== loads) return;
    markSold(new Set([...form.elements.seat].map((input) => input.value)));
    error.textContent = `We cannot show the seats right now. ${cause.message}`;
    error.hidden = false;
  } finally {
    if (load === loads) seatMap.removeAttribute('aria-busy');
  }
}

// Up and down move by a row; a radio group alone would move to the neighbour.
seatMap.addEventListener('keydown', (event) => {
  const step = { ArrowUp: -SEATS_PER_ROW, ArrowDown: SEATS_PER_ROW }[event.key];
  if (!step || event.target.name !== 'seat') return;
  event.preventDefault();
  const seats = [...form.elements.seat];
  for (let at = seats.indexOf(event.target) + step; at >= 0 && at < seats.length; at += step) {
    if (!seats[at].disabled) {
      seats[at].focus();
      seats[at].click();
      return;
    }
  }
});

// ── Break something ─────────────────────────────────────────────────────────

const switches = [...document.querySelectorAll('.fault__input')];
const faults = () => switches.filter((input) => input.checked).map((input) => input.value);
const faultHeaders = () => (faults().length ? { 'X-Demo-Faults': faults().join(',') } : {});

document.getElementById('faults').addEventListener('change', () => {
  const count = faults().length;
  document.getElementById('fault-count').textContent = count ? `${count} on` : '';
});

// ── Booking ─────────────────────────────────────────────────────────────────

function showErrors(errors) {
  for (const paragraph of form.querySelectorAll('.field__error[id$="-error"]')) {
    if (paragraph.id === 'hall-error') continue;
    const field = paragraph.id.replace('-error', '');
    const detail = errors.find((error) => error.field === field)?.detail ?? '';
    paragraph.textContent = detail;
    paragraph.hidden = !detail;
    const input = document.getElementById(field);
    if (input) input.setAttribute('aria-invalid', String(Boolean(detail)));
  }
  const first = errors.map((error) => document.getElementById(error.field)).find(Boolean);
  first?.focus();
}

function traceIdOf(response) {
  const timing = response.headers.get('Server-Timing') ?? '';
  return /traceparent;desc="00-([0-9a-f]{32})-/.exec(timing)?.[1];
}

function link(className, testId, text, href) {
  const anchor = document.createElement('a');
  anchor.className = className;
  anchor.dataset.testid = testId;
  anchor.href = href;
  anchor.textContent = text;
  return anchor;
}

function traceLink(traceId) {
  const anchor = link('result__trace', 'trace-link', 'See it in Throughline', `${document.body.dataset.viewer}/trace/${traceId}`);
  anchor.target = '_blank';
  anchor.rel = 'noopener';
  return anchor;
}

function showResult(kind, title, text, links) {
  const heading = document.createElement('h2');
  heading.className = 'result__title';
  heading.textContent = title;
  const paragraph = document.createElement('p');
  paragraph.textContent = text;
  const row = document.createElement('p');
  row.className = 'result__links';
  row.append(...links);
  result.className = `result result--${kind}`;
  result.replaceChildren(heading, paragraph, row);
  result.hidden = false;
  result.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

let ticketUrl;

function showTicket(pdf, fileName, order, traceId) {
  if (ticketUrl) URL.revokeObjectURL(ticketUrl);
  ticketUrl = URL.createObjectURL(pdf);
  const download = link('button button--ticket', 'ticket-link', 'Download ticket', ticketUrl);
  download.download = fileName;
  const number = /ticket-(.+)\.pdf/.exec(fileName)?.[1] ?? '';
  const film = form.querySelector('input[name=film]:checked').parentElement.querySelector('.film__title').textContent;
  showResult('good', 'Enjoy the film', `${film}, ${order.time}, seat ${order.seat}. Booking ${number}.`, [
    download,
    ...(traceId ? [traceLink(traceId)] : []),
  ]);
  download.click();
}

function showProblem(problem, traceId) {
  showResult('bad', problem.title, problem.detail, traceId ? [traceLink(traceId)] : []);
}

async function book() {
  const order = Object.fromEntries(new FormData(form));
  const response = await fetch('/api/bookings', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...faultHeaders() },
    body: JSON.stringify(order),
  });
  const traceId = traceIdOf(response);
  if (response.ok) {
    const pdf = await response.blob();
    const fileName = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? 'ticket.pdf';
    showErrors([]);
    showTicket(pdf, fileName, order, traceId);
  } else {
    const problem = await response.json();
    showProblem(problem, traceId);
    showErrors(problem.errors ?? []);
  }
  // The seat is sold now, to this customer or to another one.
  await loadSeats();
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (bookButton.getAttribute('aria-disabled') === 'true') return;
  bookButton.setAttribute('aria-disabled', 'true');
  bookButton.firstElementChild.textContent = 'Booking…';
  result.hidden = true;
  try {
    await book();
  } catch (cause) {
    showProblem({
      title: 'The shop does not answer',
      detail: `Check your connection and try again. If you have been charged, your ticket is on its way. (${cause.message})`,
    });
  } finally {
    bookButton.removeAttribute('aria-disabled');
    bookButton.firstElementChild.textContent = BOOK_LABEL;
  }
});

form.addEventListener('change', (event) => {
  const { name } = event.target;
  if (name === 'date') closePastTimes();
  if (name === 'film' || name === 'date' || name === 'time') loadSeats();
  if (name === 'seat') showChoice();
});

document.getElementById('card').addEventListener('input', (event) => {
  const field = event.target;
  if (field.selectionStart !== field.value.length) return;
  const digits = field.value.replace(/\D/g, '').slice(0, 19);
  field.value = digits.replace(/(\d{4})(?=\d)/g, '$1 ');
});

document.getElementById('example').addEventListener('click', () => {
  form.elements.name.value = 'Ada Lovelace';
  form.elements.email.value = 'ada@example.org';
  form.elements.card.value = '4242 4242 4242 4242';
  if (!chosen('seat')) {
    const free = [...form.elements.seat].filter((input) => !input.disabled);
    const seat = free.find((input) => input.value >= 'C3') ?? free[0];
    if (seat) seat.checked = true;
    showChoice();
  }
});

drawDays();
closePastTimes();
drawSeats();
showChoice();
loadSeats();
