import { hold } from './hold.js';
import { realServers } from './real-servers.js';

hold(realServers);
