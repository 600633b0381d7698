// State outside components, and a store of the older kind.
import { writable } from 'svelte/store';

export const saved = $state({ id: '' });
export const chosen = writable('');
