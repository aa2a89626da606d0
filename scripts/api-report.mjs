// Compares the public declarations with the committed reports in etc/, one for each entry; `--local` writes them.
import { mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { entries } from './entries.mjs';
import { temporaryFolder } from './pack.mjs';

const local = process.argv.includes('--local');
const temporary = temporaryFolder();
mkdirSync('etc', { recursive: true });

const configs = entries.map(({ file }) => {
  const configObject = ExtractorConfig.loadFile('api-extractor.json');
  configObject.mainEntryPointFilePath = resolve('dist', `${file}.d.ts`);
  configObject.apiReport.reportFileName = file;
  configObject.apiReport.reportTempFolder = temporary;
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: resolve('api-extractor.json'),
    packageJsonFullPath: resolve('package.json'),
  });
});

// One program for all entries: a program each takes eight times as long.
const [first, ...others] = configs;
const compilerState = CompilerState.create(first, {
  additionalEntryPoints: others.map((config) => config.mainEntryPointFilePath),
});

let problems = 0;
const problem = (text) => {
  problems += 1;
  console.error(text);
};

for (const config of configs) {
  const result = Extractor.invoke(config, {
    localBuild: local,
    compilerState,
    messageCallback: (message) => {
      message.handled = true;
      const counts = message.logLevel === ExtractorLogLevel.Error || message.logLevel === ExtractorLogLevel.Warning;
      // Reports that changed are told below, in our own words.
      if (!counts || message.messageId.startsWith('console-api-report-')) return;
      problem(message.formatMessageWithLocation(process.cwd()));
    },
  });
  if (result.apiReportChanged && !local) {
    problem(`${config.reportFilePath} is not up to date: npm run check:api -- --local, and commit it.`);
  }
}

const known = new Set(entries.map(({ file }) => `${file}.api.md`));
for (const name of readdirSync('etc').filter((n) => n.endsWith('.api.md') && !known.has(n))) {
  problem(`etc/${name} belongs to no entry: remove it.`);
}
console.log(`${entries.length} entries, ${problems} problems`);
process.exitCode = problems === 0 ? 0 : 1;
