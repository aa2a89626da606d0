import { parseArgs } from 'node:util';
import type { Command } from './command.js';
import { paintFor } from './layout.js';
import { LOOK_OPTIONS, look } from './look.js';
import { servicesText } from './services-text.js';

/** `models`: what can be asked now. */
export const models: Command = {
  name: 'models',
  usage: 'models [--json] [--env] [--host <name>]... [--timeout <ms>]',
  summary: 'lists the models that they serve, with their context; 1: there is none',
  run: async (args, terminal) => {
    const { values } = parseArgs({ args, options: LOOK_OPTIONS });
    const { services } = await look(values, terminal);
    const serving = services.filter((service) => service.models.length > 0);
    if (values.json) {
      const list = serving.flatMap((service) => service.models);
      terminal.out(`${JSON.stringify(list, null, 2)}\n`);
    } else if (serving.length > 0) {
      terminal.out(`${servicesText(serving, paintFor(terminal.isInteractive)).join('\n').trimEnd()}\n`);
    } else {
      terminal.err('No model is served here; `local-llm-router doctor` says why.\n');
    }
    return serving.length > 0 ? 0 : 1;
  },
};
