// The demo shop: its page server and the five services, reporting to a given Throughline.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { demoBinary } from './binaries.js';
import { ListeningProcess } from './listening-process.js';

/** The shop's services in the order in which a booking passes through them; the browser comes before. */
export const SERVICES = ['validation', 'booking', 'payment', 'seating', 'ticketing'];
export const BROWSER_SERVICE = 'shop-web';

export class Shop {
  /** @param {import('./throughline.js').Throughline} throughline @param {{replay?: 'off' | 'error' | 'always'}} [options] what is recorded of its page */
  static async start(throughline, { replay = 'off' } = {}) {
    const shop = new Shop();
    shop.dataDirectory = await mkdtemp(join(tmpdir(), 'throughline-shop-'));
    shop.process = await ListeningProcess.start(
      demoBinary(),
      ['all', '--port-base', '0', '--otlp', throughline.grpcUrl, '--tracer', throughline.tracerUrl, '--viewer', throughline.viewerUrl, '--data', shop.dataDirectory, '--replay', replay],
      { listeners: ['shop'] },
    );
    return shop;
  }

  get url() {
    return this.process.urls.shop;
  }

  async dispose() {
    await this.process.stop();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }
}
