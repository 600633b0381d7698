// HTMX 4, which lives on fetch.
import htmx from 'htmx.org';

import { start } from './controls.js';

window.htmx = htmx;
start(htmx, { afterSwap: 'htmx:after:swap', afterSettle: 'htmx:after:settle', failed: 'htmx:response:error', afterRequest: 'htmx:after:request' });
