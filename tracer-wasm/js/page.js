// The page as OpenTelemetry's resource, and what the trace ids of such a page look like.
import { options } from './options.js';
import { spans } from './spans.js';

let described = false;

/** Says it anew where it was said: an option of it may have changed. */
export const describeAgain = () => described && describePage();

/** Says it if it was not said: nobody asks before something has ended. */
export const describeOnce = () => described || describePage();

/** Says it. */
export function describePage() {
  described = true;
  const { language, userAgent, userAgentData = {} } = navigator;
  spans.describe({
    'service.name': options.service,
    'service.version': options.version,
    'deployment.environment.name': options.environment,
    'telemetry.sdk.name': 'throughline',
    'telemetry.sdk.language': 'webjs',
    'telemetry.sdk.version': THROUGHLINE_VERSION,
    'user_agent.original': userAgent,
    'browser.language': language,
    'browser.platform': userAgentData.platform,
    'browser.mobile': userAgentData.mobile,
    'browser.brands': userAgentData.brands?.map(({ brand, version }) => `${brand} ${version}`),
  });
}
