// Angular with zone.js, HttpClient over XMLHttpRequest.
import 'zone.js';

import { Application, configuration } from './application.ts';

import { provideZoneChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';

const { providers } = configuration(false);
document.getElementById('application').innerHTML = '<app-root></app-root>';
bootstrapApplication(Application, { providers: [provideZoneChangeDetection({ eventCoalescing: true }), ...providers] });
