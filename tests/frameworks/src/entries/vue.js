// The entry for Vue: errors of components, and the routes of Vue Router.
import { createApp, defineComponent } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { throughline } from '@throughline/tracer/vue';

import { ready } from '../backend.js';

const Price = defineComponent({
  name: 'Price',
  methods: { fail() { throw new RangeError('no price'); } },
  template: '<button @click="fail">caught</button>',
});
const Checkout = defineComponent({ name: 'Checkout', components: { Price }, template: '<div id="controls"><Price /></div><RouterView />' });
const Empty = defineComponent({ render: () => null });

const router = createRouter({
  history: createMemoryHistory(),
  routes: [{ path: '/', component: Empty }, { path: '/films/:film', component: Empty, children: [{ path: 'seats/:seat(\\d+)', component: Empty }] }],
});
window.navigate = (path) => router.push(path);
window.handled = [];
const app = createApp(Checkout).use(router).use(throughline, { router });
// The application's own handler, set afterwards, is called as well.
app.config.errorHandler = (error) => { window.handled.push(error.message); };
app.mount('#application');
ready();
