import { breaksOff, type Row } from './catalogue.js';
import { head } from './wires.js';

/** What stands in the body, and how it is encoded. */
export const body: readonly Row[] = [
  {
    id: 'H39',
    title: 'stops in the middle of a body of known length',
    answer: (socket, wire) => void socket.end(head(wire, 'Content-Length: 5000\r\n') + wire.text('One')),
    ends: breaksOff('One', 'ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'),
    discovery: /^[A-Z_]+$/,
  },
];
