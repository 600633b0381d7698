import { start } from './opentelemetry.js';

start();
