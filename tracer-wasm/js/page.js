// The page as OpenTelemetry's resource.
import { options } from './options.js';
import { spans } from './spans.js';

/** Says it anew; called at the start and when the service gets another name. */
export function describePage() {
  const { language, userAgent, userAgentData } = navigator;
  spans.resource('service.name', options.service);
  spans.resource('telemetry.sdk.name', 'throughline');
  spans.resource('telemetry.sdk.language', 'webjs');
  spans.resource('telemetry.sdk.version', THROUGHLINE_VERSION);
  spans.resource('user_agent.original', userAgent);
  spans.resource('browser.language', language);
  if (userAgentData) {
    spans.resource('browser.platform', userAgentData.platform);
    spans.resource('browser.mobile', userAgentData.mobile);
  }
}
