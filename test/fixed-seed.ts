import fc from 'fast-check';

// The same generated cases in every run, so that a red test is red for everybody. FC_SEED=random explores, FC_SEED=<n> repeats.
const { FC_SEED } = process.env;
if (FC_SEED !== 'random') fc.configureGlobal({ seed: Number(FC_SEED ?? 20_261_120) });
