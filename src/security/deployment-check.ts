import { auditFindings, runtimeFindings } from './deployment-audit.js';
import type { DeploymentFacts, DeploymentFinding, DeploymentReport } from './deployment-finding.js';
import { modelFindings } from './deployment-models.js';
import { environmentFindings, networkFindings } from './deployment-network.js';

/** Judges a deployment. Of the environment only names of variables get into the report. */
export function checkDeployment(facts: DeploymentFacts): DeploymentReport {
  const findings = [networkFindings, environmentFindings, modelFindings, auditFindings, runtimeFindings]
    .flatMap((judge) => judge(facts))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return { ok: findings.every(({ severity }) => severity !== 'error'), findings };
}

const SEVERITIES: readonly DeploymentFinding['severity'][] = ['error', 'warning', 'info'];
