import { hold } from './hold.js';
import { identity } from './identity.js';

hold(identity);
