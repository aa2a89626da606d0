import { connection } from './connection.js';
import { hold } from './hold.js';

hold(connection);
