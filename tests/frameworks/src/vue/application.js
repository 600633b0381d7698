// Vue 3 with Pinia, Vue Router, TanStack Query, <Transition>, <Suspense> and asynchronous components.
import { computed, createApp, defineAsyncComponent, defineComponent, h, nextTick, onMounted, onUnmounted, ref, watch, watchEffect } from 'vue';
import { createMemoryHistory, createRouter, useRoute, useRouter } from 'vue-router';
import { createPinia, defineStore, storeToRefs } from 'pinia';
import { VueQueryPlugin, useMutation, useQuery, useQueryClient } from '@tanstack/vue-query';

import { POLL_MILLIS, ask, background, finish, heartbeat, ready, sleep, step, stepUrl } from '../backend.js';

const useSaved = defineStore('saved', {
  state: () => ({ id: '', subscribed: '' }),
  actions: {
    async save(id) {
      await step(id, 20);
      this.id = id;
      finish(id);
    },
  },
});

/** `await` at the top of a setup: the component is suspended until it has its data. */
const Details = defineComponent({
  props: { id: String },
  async setup({ id }) {
    await step(id, 40);
    return () => h(Mounted, { id });
  },
});
const Mounted = defineComponent({
  props: { id: String },
  setup({ id }) {
    onMounted(() => { finish(id); });
    return () => null;
  },
});
const Later = defineAsyncComponent(() => import('./later.js'));

const Child = defineComponent({
  emits: ['saved'],
  template: '<button @click="$emit(\'saved\', \'emitted\')">emitted</button>',
});

/** After a 401 it signs in and asks again, through the rejection path. */
async function retrying(id) {
  const attempt = () => fetch(stepUrl(id, 0, '&status=401')).then((response) => (response.ok ? response : Promise.reject(new Error('401'))));
  attempt().then(() => {}).catch(() => step(id, 10)).then(() => { finish(id); });
}

const Application = defineComponent({
  components: { Details, Mounted, Later, Child },
  setup() {
    const watched = ref('');
    watch(watched, (id) => { finish(id); });
    const flushedLate = ref('');
    watch(flushedLate, (id) => { finish(id); }, { flush: 'post' });
    const source = ref('');
    const derived = computed(() => source.value && `${source.value}`);
    watchEffect(() => { if (derived.value) finish(derived.value); });
    const text = ref('');
    let timer;
    watch(text, () => {
      clearTimeout(timer);
      timer = setTimeout(() => { finish('debounced-input'); }, 300);
    });

    const saved = useSaved();
    saved.$subscribe((mutation, state) => { if (state.subscribed) finish(state.subscribed); });
    const { id: savedId } = storeToRefs(saved);

    const router = useRouter();
    const route = useRoute();
    watch(() => route.query.page, (page) => { if (page) finish('route-watched'); });

    const client = useQueryClient();
    const enabled = ref(false);
    useQuery({ queryKey: ['query'], queryFn: () => finish('query'), enabled });
    const changed = ref(false);
    useQuery({ queryKey: ['list'], queryFn: () => (changed.value ? finish('mutation-invalidates') : 'first') });
    const mutation = useMutation({
      mutationFn: () => { changed.value = true; return step('mutation-invalidates', 30); },
      onSuccess: () => client.invalidateQueries({ queryKey: ['list'] }),
    });
    useQuery({ queryKey: ['poll'], queryFn: () => ask('refetch-interval').then(() => 0), refetchInterval: POLL_MILLIS, enabled: background });

    onMounted(ready);
    if (background) {
      const interval = setInterval(() => { ask('interval'); }, POLL_MILLIS);
      const socket = heartbeat();
      socket.onmessage = () => { ask('web-socket'); };
      onUnmounted(() => { clearInterval(interval); socket.close(); });
    }

    return {
      watched,
      flushedLate,
      source,
      text,
      saved,
      savedId,
      enabled,
      mutation,
      finish,
      router,
      suspended: ref(''),
      asynchronous: ref(''),
      mounted: ref(''),
      shown: ref(true),
      handleAwait: async (id) => { await step(id, 20); await sleep(5); finish(id); },
      handleTick: async (id) => { source.value = ''; await nextTick(); finish(id); },
      retrying,
    };
  },
  template: `
    <div id="controls">
      <button @click="finish('handler')">handler</button>
      <button @click="handleAwait('handler-await')">handler-await</button>
      <button @click="watched = 'watch'">watch</button>
      <button @click="flushedLate = 'watch-post'">watch-post</button>
      <button @click="source = 'watch-effect'">watch-effect</button>
      <button @click="handleTick('next-tick')">next-tick</button>
      <button @click="saved.save('store-action')">store-action</button>
      <button @click="saved.subscribed = 'store-subscription'">store-subscription</button>
      <button @click="mounted = 'mounted'">mounted</button>
      <button @click="suspended = 'suspense'">suspense</button>
      <button @click="asynchronous = 'async-component'">async-component</button>
      <button @click="shown = false">transition-left</button>
      <button @click="router.push('/details')">router-guard</button>
      <button @click="router.push({ path: '/', query: { page: 2 } })">route-watched</button>
      <button @click="enabled = true">query</button>
      <button @click="mutation.mutate()">mutation-invalidates</button>
      <button @click="retrying('retry-after-401')">retry-after-401</button>
      <Child @saved="finish" />
      <input aria-label="debounced-input" v-model="text">
    </div>
    <p>{{ savedId }}</p>
    <Transition name="fade" @after-leave="finish('transition-left')"><p v-if="shown">shown</p></Transition>
    <Suspense><Details v-if="suspended" :id="suspended" /></Suspense>
    <Later v-if="asynchronous" :id="asynchronous" />
    <Mounted v-if="mounted" :id="mounted" />
    <RouterView />
  `,
});

const Empty = defineComponent({ render: () => null });
const router = createRouter({
  history: createMemoryHistory(),
  routes: [
    { path: '/', component: Empty },
    { path: '/details', component: Empty, beforeEnter: async () => { await step('router-guard', 10); finish('router-guard'); } },
  ],
});

createApp(Application).use(createPinia()).use(router).use(VueQueryPlugin).mount('#application');
