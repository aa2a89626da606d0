// Judges the tarball that would be published: publint --strict and "are the types wrong".
import { execFileSync } from 'node:child_process';
import { pack, temporaryFolder } from './pack.mjs';

const tarball = pack(temporaryFolder());
execFileSync('npx', ['publint', '--strict', tarball], { stdio: 'inherit' });
execFileSync('npx', ['attw', tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'], { stdio: 'inherit' });
