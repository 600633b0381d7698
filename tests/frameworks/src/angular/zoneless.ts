// Angular without zones, HttpClient over fetch.
import { Application, configuration } from './application.ts';

import { provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';

const { providers } = configuration(true);
document.getElementById('application').innerHTML = '<app-root></app-root>';
bootstrapApplication(Application, { providers: [provideZonelessChangeDetection(), ...providers] });
