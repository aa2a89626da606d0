import { body } from './body.js';
import { hold } from './hold.js';

hold(body);
