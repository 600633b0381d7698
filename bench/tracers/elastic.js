// Elastic's real user monitoring agent with its limits lifted, which would drop what is counted.
import { init as initApm } from '@elastic/apm-rum';
import { endpoint, service } from './endpoint.js';

const apm = initApm({
  serviceName: service,
  serverUrl: endpoint,
  serverUrlPrefix: '/elastic',
  eventsLimit: 1_000_000,
  transactionSampleRate: 1,
  centralConfig: false,
});

window.bench = {
  // The agent has no call for it: it sends every 500 ms what has ended, and ends an interaction when it is quiet.
  flush: () => new Promise((resolve) => setTimeout(resolve, 8_000)),
  span: (name) => {
    const transaction = apm.startTransaction(name, 'custom');
    transaction?.end();
  },
};
