// A worker whose requests belong to the action that sent the message.
import '@throughline/tracer/worker';

onmessage = async ({ data }) => {
  const response = await fetch(`/api/step/work?run=${data}`);
  await response.json();
  fetch(`/api/case/work?run=${data}`);
};
