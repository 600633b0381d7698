// Loaded when it is first shown.
import { onMount } from 'solid-js';

import { finish } from '../backend.js';

export default function Lazy(props) {
  onMount(() => { finish(props.id); });
  return <p>there</p>;
}
