import { hold } from './hold.js';
import { localFaults } from './local-faults.js';

hold(localFaults);
