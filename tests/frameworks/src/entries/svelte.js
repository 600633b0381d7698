// The entry for Svelte: the errors of boundaries, and SvelteKit's hooks.
import { mount } from 'svelte';
import { handleErrorWith, routed } from '@throughline/tracer/svelte';

import Checkout from './Checkout.svelte';
import { ready } from '../backend.js';

mount(Checkout, { target: document.getElementById('application') });
// SvelteKit calls these.
window.navigate = (id) => routed({ to: { route: { id } } });
window.fail = handleErrorWith((input) => ({ message: input.error.message }));
ready();
