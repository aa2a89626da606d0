import { onTestFinished } from 'vitest';
import type { CheckRow, Ending, ServerRow } from './catalogue.js';
import { clean, ended, nothingLeft, watch } from './hold.js';
import { scene } from './scene.js';
import { head, type Wire } from './wires.js';

/** What it is called, the body, and how a call ends that gets it. */
export type Case = readonly [what: string, body: string, ends: Ending];

/** Many bodies of one kind, one after another at one server: too many for a server each. */
export function inTurn(
  row: Pick<ServerRow, 'id' | 'title' | 'endpoint' | 'request'> & {
    readonly wire: Wire;
    /** In the place of the wire's own content type. */
    readonly contentType?: string;
    readonly cases: readonly Case[];
  },
): CheckRow {
  return {
    id: row.id,
    title: `${row.title} (${row.wire.name}, ${row.cases.length} bodies)`,
    check: async () => {
      const look = watch();
      let body = '';
      const wire = { ...row.wire, contentType: row.contentType ?? row.wire.contentType };
      const answer: ServerRow['answer'] = (socket) => void socket.end(head(wire, 'Connection: close\r\n') + body);
      const at = await scene({ ...row, answer, ends: NEVER_READ, discovery: false }, wire, { healthy: false });
      onTestFinished(at.close);
      for (const [what, text, ends] of row.cases) {
        body = text;
        for (const mode of ['route', 'stream'] as const) {
          const outcome = await at.call(mode, `${mode}, ${what}`);
          try {
            ended(outcome, ends);
            clean(outcome);
          } catch (error) {
            (error as Error).message = `${what}, ${mode}: ${(error as Error).message}`;
            throw error;
          }
        }
      }
      await nothingLeft(at, look);
    },
  };
}

const NEVER_READ: Ending = { kind: 'failed', codes: [] };
