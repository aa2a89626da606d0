import type { Evidence } from './weights.js';

// Slash commands that coding agents and editors share: coding, reasoning, analysis, documentation. Own collection.
const COMMANDS = [
  ' fix tests test edit new refactor generate code terminal optimize implement build run ',
  ' ask plan think design brainstorm architect ',
  ' review analyze search debug audit security-review find problems pr-comments ',
  ' explain doc docs comment commit summarize changelog readme pr title init compact ',
];

/** What a slash command asks for; unknown ones say nothing. */
export function commandEvidence(command: string): Evidence {
  return COMMANDS.map((list) => (list.includes(` ${command} `) ? 'Y' : 'M')).join('');
}
