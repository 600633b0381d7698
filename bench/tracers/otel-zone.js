import { ZoneContextManager } from '@opentelemetry/context-zone';
import { start } from './opentelemetry.js';

start({ contextManager: new ZoneContextManager() });
