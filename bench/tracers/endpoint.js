// Where a peer sends its telemetry: the `data-endpoint` of its script tag.

/** The base address, without a slash at its end. */
export const endpoint = document.currentScript.dataset.endpoint;
/** `service.name` of the page. */
export const service = document.currentScript.dataset.service;
