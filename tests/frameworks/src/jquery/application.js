// jQuery.
import $ from 'jquery';

import { POLL_MILLIS, ask, background, backgroundUrl, caseUrl, finish, heartbeat, ready, sleep, step, stepUrl } from '../backend.js';
import { buttons, field } from '../controls.js';

const notices = $({});
notices.on('saved', (event, id) => { finish(id); });

const later = (millis) => {
  const deferred = $.Deferred();
  setTimeout(deferred.resolve, millis);
  return deferred.promise();
};

const handlers = {
  'get': (id) => { $.get(caseUrl(id)); },
  'ajax-success': (id) => { $.ajax({ url: stepUrl(id, 10), success: () => { $.get(caseUrl(id)); } }); },
  'ajax-done': (id) => { $.ajax(stepUrl(id, 10)).done(() => { finish(id); }); },
  'ajax-then': (id) => { $.ajax(stepUrl(id, 10)).then((answer) => answer).then(() => step(id)).then(() => { finish(id); }); },
  'ajax-await': async (id) => { await $.ajax(stepUrl(id, 10)); await sleep(5); $.get(caseUrl(id)); },
  'ajax-fail': (id) => { $.ajax(stepUrl(id, 0, '&status=401')).then(null, () => $.ajax(stepUrl(id, 5))).then(() => { finish(id); }); },
  'ajax-always': (id) => { $.ajax(stepUrl(id, 0, '&status=500')).always(() => { finish(id); }); },
  'when': (id) => { $.when($.ajax(stepUrl(id, 20)), later(30)).done(() => { finish(id); }); },
  'deferred': (id) => { later(20).then(() => later(10)).then(() => { finish(id); }); },
  'animation': (id) => { $('#moving').animate({ marginLeft: 10 }, 60, () => { finish(id); }); },
  'fade-promise': (id) => { $('#fading').fadeOut(40).promise().done(() => { finish(id); }); },
  'queue': (id) => { $('#queued').delay(40).queue(function (next) { finish(id); next(); }); },
  'trigger': (id) => { notices.trigger('saved', [id]); },
  'load': (id) => { $('#loaded').load(stepUrl(id, 10), () => { finish(id); }); },
};

const controls = buttons(handlers);
$('#application').append('<p id="moving">moving</p><p id="fading">fading</p><p id="queued"></p><p id="loaded"></p>');
$(controls).append('<button class="delegated">delegated</button>');
$(document).on('click', '.delegated', (event) => { finish($(event.currentTarget).text()); });
let timer;
$(field('debounced-input', controls)).on('input', () => {
  clearTimeout(timer);
  timer = setTimeout(() => { $.get(caseUrl('debounced-input')); }, 300);
});

if (background) {
  setInterval(() => { ask('interval'); }, POLL_MILLIS);
  const poll = () => { $.ajax(backgroundUrl('ajax-polling')).always(() => { setTimeout(poll, POLL_MILLIS); }); };
  poll();
  heartbeat().onmessage = () => { ask('web-socket'); };
}
$(ready);
