// HTMX 2, which lives on XMLHttpRequest.
import htmx from 'htmx2';

import { start } from './controls.js';

window.htmx = htmx;
start(htmx, { afterSwap: 'htmx:afterSwap', afterSettle: 'htmx:afterSettle', failed: 'htmx:responseError', afterRequest: 'htmx:afterRequest' });
