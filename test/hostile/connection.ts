import { fails, type Row, SAID, SHORT } from './catalogue.js';

/** What happens before a reply. */
export const connection: readonly Row[] = [
  {
    id: 'H01',
    title: 'nothing listens at its port',
    listener: 'closed',
    ends: fails('ERR_UNREACHABLE'),
    discovery: 'ECONNREFUSED',
    crowd: true,
  },
  {
    id: 'H03',
    title: 'accepts, and never sends a byte',
    endpoint: SHORT,
    ends: fails('ERR_TIMEOUT'),
    discovery: 'ERR_TIMEOUT',
    crowd: true,
  },
  {
    id: 'H04',
    title: 'accepts, and hangs up',
    connect: (socket) => void socket.end(),
    ends: fails('ERR_UNREACHABLE'),
    discovery: /^[A-Z_]+$/,
    crowd: true,
  },
  {
    id: 'H05',
    title: 'accepts, and resets the connection',
    connect: (socket) => void socket.resetAndDestroy(),
    ends: fails('ERR_UNREACHABLE'),
    discovery: /^[A-Z_]+$/,
    crowd: true,
  },
  {
    id: 'H09',
    title: 'speaks SSH',
    answer: (socket) => void socket.end(`SSH-2.0-OpenSSH_9.6 ${SAID}\r\n`),
    ends: fails('ERR_BAD_RESPONSE'),
    discovery: /^[A-Z_]+$/,
  },
];
