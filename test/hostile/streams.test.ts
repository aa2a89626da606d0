import { hold } from './hold.js';
import { streams } from './streams.js';

hold(streams);
