import { parseArgs } from 'node:util';
import { type DeploymentReport, detectEnvironment, type Environment, SecurityModule, type Service } from '../index.js';
import type { Command } from './command.js';
import { adviceText, deploymentText, failuresText, usableModels } from './diagnosis.js';
import { paintFor } from './layout.js';
import { LOOK_OPTIONS, look } from './look.js';
import { servicesText } from './services-text.js';

/** `doctor`: what runs here, what was tried and failed and why, and what to do about it. */
export const doctor: Command = {
  name: 'doctor',
  usage: 'doctor [--json] [--env] [--host <name>]... [--timeout <ms>]',
  summary: 'lists the model servers of this machine, and says what to do; 1: no usable model',
  run: async (args, terminal) => {
    const { values } = parseArgs({ args, options: LOOK_OPTIONS });
    const [environment, report] = await Promise.all([detectEnvironment(), look(values, terminal)]);
    const usable = usableModels(report);
    const deployment = await checkDeployment(report.services);
    if (values.json) {
      terminal.out(`${JSON.stringify({ environment, ...report, deployment }, null, 2)}\n`);
    } else {
      const paint = paintFor(terminal.isInteractive);
      const section = (title: string, lines: readonly string[]): string[] =>
        lines.length === 0 ? [] : [paint(title, 'bold'), ...lines, ''];
      const { services, failures, elapsedMs } = report;
      const lines = [
        `${services.length} model server(s), ${usable.length} usable model(s); ${Math.round(elapsedMs)} ms on ${systemOf(environment)}`,
        '',
        ...servicesText(services, paint),
        ...section('Tried without success', failuresText(failures)),
        ...section('What to do', adviceText(report)),
        ...section('Deployment, for a router without options', deploymentText(deployment)),
      ];
      terminal.out(`${lines.join('\n').trimEnd()}\n`);
    }
    return usable.length > 0 ? 0 : 1;
  },
};

/** As it stands for whoever gives no options of their own. */
async function checkDeployment(services: readonly Service[]): Promise<DeploymentReport> {
  const security = new SecurityModule();
  try {
    return await security.checkDeployment({ services });
  } finally {
    await security.close();
  }
}

function systemOf({ os, wsl, container }: Environment): string {
  return [os, ...(wsl === 0 ? [] : [`WSL ${wsl}`]), ...(container === null ? [] : [`in ${container}`])].join(', ');
}
