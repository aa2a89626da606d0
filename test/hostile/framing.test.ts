import { framing } from './framing.js';
import { hold } from './hold.js';

hold(framing);
