// Loaded when it is first shown.
import { defineComponent, onMounted } from 'vue';

import { finish } from '../backend.js';

export default defineComponent({
  props: { id: String },
  setup({ id }) {
    onMounted(() => { finish(id); });
    return () => null;
  },
});
