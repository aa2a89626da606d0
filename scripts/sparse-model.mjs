// A sparse linear model that takes few bytes: each feature that is kept has one of a few profiles of weights, so that only
// the profile's number is stored for it. Learned in two steps: freely, then with a price on each bit.

/** Columns of a profile: softmax over the first four, yes or no in the fifth, a number in the sixth. */
export const COLUMNS = 6;
const YES = 4;
const NUMBER = 5;
/** What an error in each of the last two counts for, against one in the category. */
const YES_WEIGHT = 1.5;
const NUMBER_WEIGHT = 0.35;
/** Pull to zero. */
const PULL = 1;
/** Bits of a feature's place in the table. */
const PLACE = 7.5;
/** Turns of giving profiles and fitting them; over the first of them the price rises. */
const TURNS = 8;
const RISE = 4;
const STEPS = 40;

/**
 * Rows have `features` (a map of feature to value), `target` (four shares), `yes` (0, 1 or null), `number` and `weight`.
 * `price` of a bit, as part of the loss of a row; `profiles`, how many there may be; `grid`, what the weights are multiples of.
 * Returns the profiles and the number of each feature's profile.
 */
export function trainSparse(rows, { price, profiles: most, grid }) {
  const features = [...new Set(rows.flatMap((row) => [...row.features.keys()]))];
  const data = layOut(rows, features);
  const free = learnFreely(data, features.length);
  return settle(data, free, features, most, price * data.weight.reduce((a, b) => a + b, 0), grid);
}

function layOut(rows, features) {
  const index = new Map(features.map((f, i) => [f, i]));
  const n = rows.length;
  const data = {
    n,
    list: rows.map((row) => [...row.features].map(([f, value]) => [index.get(f), value])),
    target: new Float64Array(n * 4),
    yes: new Int8Array(n),
    number: new Float64Array(n),
    weight: new Float64Array(n),
    rowsOf: features.map(() => []),
    valuesOf: features.map(() => []),
  };
  rows.forEach((row, r) => {
    row.target.forEach((x, c) => {
      data.target[r * 4 + c] = x;
    });
    data.yes[r] = row.yes ?? -1;
    data.number[r] = row.number;
    data.weight[r] = row.weight;
    for (const [i, value] of data.list[r]) {
      data.rowsOf[i].push(r);
      data.valuesOf[i].push(value);
    }
  });
  return data;
}

/** Slope and curvature of a row's loss in each column. */
function slopes(data, z, r, slope, curve) {
  const b = r * COLUMNS;
  const top = Math.max(z[b], z[b + 1], z[b + 2], z[b + 3]);
  let total = 0;
  for (let c = 0; c < 4; c++) {
    slope[c] = Math.exp(z[b + c] - top);
    total += slope[c];
  }
  const w = data.weight[r];
  for (let c = 0; c < 4; c++) {
    const p = slope[c] / total;
    slope[c] = w * (p - data.target[r * 4 + c]);
    curve[c] = w * p * (1 - p);
  }
  const p = 1 / (1 + Math.exp(-z[b + YES]));
  const asked = data.yes[r] >= 0;
  slope[YES] = asked ? YES_WEIGHT * w * (p - data.yes[r]) : 0;
  curve[YES] = asked ? YES_WEIGHT * w * p * (1 - p) : 0;
  slope[NUMBER] = w * NUMBER_WEIGHT * (z[b + NUMBER] - data.number[r]);
  curve[NUMBER] = w * NUMBER_WEIGHT;
}

/** Loss of a row with `d` times `value` added to its sums. */
function lossOf(data, z, r, d, at, from, value) {
  const b = r * COLUMNS;
  const a0 = z[b] + (d[at] - d[from]) * value;
  const a1 = z[b + 1] + (d[at + 1] - d[from + 1]) * value;
  const a2 = z[b + 2] + (d[at + 2] - d[from + 2]) * value;
  const a3 = z[b + 3] + (d[at + 3] - d[from + 3]) * value;
  const top = Math.max(a0, a1, a2, a3);
  const t = r * 4;
  let loss = top + Math.log(Math.exp(a0 - top) + Math.exp(a1 - top) + Math.exp(a2 - top) + Math.exp(a3 - top));
  loss -= data.target[t] * a0 + data.target[t + 1] * a1 + data.target[t + 2] * a2 + data.target[t + 3] * a3;
  if (data.yes[r] >= 0) {
    const y = z[b + YES] + (d[at + YES] - d[from + YES]) * value;
    loss += YES_WEIGHT * Math.log1p(Math.exp(data.yes[r] === 1 ? -y : y));
  }
  const off = z[b + NUMBER] + (d[at + NUMBER] - d[from + NUMBER]) * value - data.number[r];
  return data.weight[r] * (loss + (NUMBER_WEIGHT * off * off) / 2);
}

function learnFreely(data, size) {
  const weights = new Float64Array(size * COLUMNS);
  const seen = new Float64Array(weights.length);
  const z = new Float64Array(data.n * COLUMNS);
  const slope = new Float64Array(COLUMNS);
  const curve = new Float64Array(COLUMNS);
  for (let epoch = 0; epoch < 50; epoch++) {
    z.fill(0);
    const sum = new Float64Array(weights.length);
    for (let r = 0; r < data.n; r++) {
      for (const [i, value] of data.list[r])
        for (let c = 0; c < COLUMNS; c++) z[r * COLUMNS + c] += weights[i * COLUMNS + c] * value;
      slopes(data, z, r, slope, curve);
      for (const [i, value] of data.list[r]) for (let c = 0; c < COLUMNS; c++) sum[i * COLUMNS + c] += slope[c] * value;
    }
    for (let i = 0; i < weights.length; i++) {
      const s = sum[i] + PULL * weights[i];
      seen[i] += s * s;
      weights[i] -= (0.5 * s) / (Math.sqrt(seen[i]) + 1e-9);
    }
  }
  for (let i = 0; i < weights.length; i += COLUMNS) level(weights, i);
  return weights;
}

/** The categories count only against each other, so that they sum up to zero. */
function level(weights, at) {
  const mean = (weights[at] + weights[at + 1] + weights[at + 2] + weights[at + 3]) / 4;
  for (let c = 0; c < 4; c++) weights[at + c] -= mean;
}

/** Gives each feature one of `most` profiles (the first is nothing), and the profiles their weights, in turns. */
function settle(data, free, features, most, price, grid) {
  const size = features.length;
  const often = data.valuesOf.map((values) => values.reduce((sum, v) => sum + v * v, 0));
  const profiles = startProfiles(free, often, most);
  snap(profiles, grid);
  const profileOf = new Int32Array(size);
  for (let i = 0; i < size; i++) profileOf[i] = nearest(free, i, profiles, most);
  let z = sums(data, profiles, profileOf);
  let bits = new Float64Array(most).fill(PLACE + Math.log2(most));
  bits[0] = 0;
  const order = [...features.keys()].sort((a, b) => often[b] - often[a] || a - b);
  for (let turn = 1; turn <= TURNS; turn++) {
    assign(data, z, profiles, profileOf, order, bits, most, price * Math.min(1, turn / RISE));
    bits = pricesOf(profileOf, most);
    if (turn === TURNS) break;
    for (let step = 0; step < STEPS; step++) {
      refit(data, z, profiles, profileOf, most);
      z = sums(data, profiles, profileOf);
    }
    snap(profiles, grid);
    z = sums(data, profiles, profileOf);
  }
  // The commonest first: their numbers take the fewest bits.
  const used = Array.from({ length: most }, (_, profile) => [profile, 0]);
  for (const profile of profileOf) used[profile][1]++;
  const list = used
    .slice(1)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([profile]) => profile);
  return {
    profiles: list.map((p) => [...profiles.slice(p * COLUMNS, p * COLUMNS + COLUMNS)]),
    model: new Map(features.map((f, i) => [f, list.indexOf(profileOf[i])]).filter(([, p]) => p >= 0)),
  };
}

function startProfiles(free, often, most) {
  const size = often.length;
  const weight = often.map((x) => Math.min(x, 400));
  const profiles = new Float64Array(most * COLUMNS);
  const far = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  let seed = 1;
  for (let profile = 0; profile < most; profile++) {
    if (profile > 0) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      let left = (seed / 2147483648) * far.reduce((sum, d, i) => sum + d * weight[i], 0);
      let pick = 0;
      while (pick < size - 1) {
        left -= far[pick] * weight[pick];
        if (left <= 0) break;
        pick++;
      }
      for (let c = 0; c < COLUMNS; c++) profiles[profile * COLUMNS + c] = free[pick * COLUMNS + c];
    }
    for (let i = 0; i < size; i++) far[i] = Math.min(far[i], distance(free, i, profiles, profile));
  }
  for (let turn = 0; turn < 12; turn++) {
    const sum = new Float64Array(profiles.length);
    const n = new Float64Array(most);
    for (let i = 0; i < size; i++) {
      const profile = nearest(free, i, profiles, most);
      const w = Math.sqrt(weight[i]);
      n[profile] += w;
      for (let c = 0; c < COLUMNS; c++) sum[profile * COLUMNS + c] += free[i * COLUMNS + c] * w;
    }
    for (let profile = 1; profile < most; profile++)
      if (n[profile] > 0)
        for (let c = 0; c < COLUMNS; c++) profiles[profile * COLUMNS + c] = sum[profile * COLUMNS + c] / n[profile];
  }
  return profiles;
}

function distance(free, i, profiles, profile) {
  let d = 0;
  for (let c = 0; c < COLUMNS; c++)
    d += (c < 4 ? 1 : 0.5) * (free[i * COLUMNS + c] - profiles[profile * COLUMNS + c]) ** 2;
  return d;
}

function nearest(free, i, profiles, most) {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let profile = 0; profile < most; profile++) {
    const d = distance(free, i, profiles, profile);
    if (d < least) {
      least = d;
      best = profile;
    }
  }
  return best;
}

function snap(profiles, grid) {
  for (let at = COLUMNS; at < profiles.length; at += COLUMNS) {
    for (let c = 0; c < COLUMNS; c++) profiles[at + c] = Math.round(profiles[at + c] / grid[c]) * grid[c];
    profiles[at + 3] = -(profiles[at] + profiles[at + 1] + profiles[at + 2]);
  }
}

function sums(data, profiles, profileOf) {
  const z = new Float64Array(data.n * COLUMNS);
  for (let r = 0; r < data.n; r++)
    for (const [i, value] of data.list[r])
      if (profileOf[i] > 0)
        for (let c = 0; c < COLUMNS; c++) z[r * COLUMNS + c] += profiles[profileOf[i] * COLUMNS + c] * value;
  return z;
}

function assign(data, z, profiles, profileOf, order, bits, most, price) {
  const slope = new Float64Array(COLUMNS);
  const curve = new Float64Array(COLUMNS);
  const pull = new Float64Array(most);
  for (let profile = 0; profile < most; profile++)
    for (let c = 0; c < COLUMNS; c++) pull[profile] += (PULL / 2) * profiles[profile * COLUMNS + c] ** 2;
  for (const i of order) {
    const { rowsOf, valuesOf } = data;
    const rows = rowsOf[i];
    const values = valuesOf[i];
    const now = profileOf[i];
    // Slope and curvature tell which profiles may do; those are tried.
    const g = new Float64Array(COLUMNS);
    const h = new Float64Array(COLUMNS);
    for (let k = 0; k < rows.length; k++) {
      slopes(data, z, rows[k], slope, curve);
      for (let c = 0; c < COLUMNS; c++) {
        g[c] += slope[c] * values[k];
        h[c] += curve[c] * values[k] * values[k];
      }
    }
    const guess = Array.from({ length: most }, (_, profile) => {
      let cost = price * bits[profile] + pull[profile];
      for (let c = 0; c < COLUMNS; c++) {
        const d = profiles[profile * COLUMNS + c] - profiles[now * COLUMNS + c];
        cost += g[c] * d + (h[c] * d * d) / 2;
      }
      return [cost, profile];
    }).sort((a, b) => a[0] - b[0]);
    let best = now;
    let least = Number.POSITIVE_INFINITY;
    for (const profile of new Set([now, 0, ...guess.slice(0, 8).map((x) => x[1])])) {
      let cost = price * bits[profile] + pull[profile];
      for (let k = 0; k < rows.length; k++)
        cost += lossOf(data, z, rows[k], profiles, profile * COLUMNS, now * COLUMNS, values[k]);
      if (cost < least - 1e-9) {
        least = cost;
        best = profile;
      }
    }
    if (best === now) continue;
    for (let k = 0; k < rows.length; k++)
      for (let c = 0; c < COLUMNS; c++)
        z[rows[k] * COLUMNS + c] += (profiles[best * COLUMNS + c] - profiles[now * COLUMNS + c]) * values[k];
    profileOf[i] = best;
  }
}

function pricesOf(profileOf, most) {
  const n = new Float64Array(most);
  for (const profile of profileOf) n[profile]++;
  const total = profileOf.length - n[0];
  return n.map((x, profile) => (profile === 0 ? 0 : PLACE + Math.log2(total / Math.max(x, 0.5))));
}

/** One careful step of the profiles, with each feature where it is. */
function refit(data, z, profiles, profileOf, most) {
  const g = new Float64Array(profiles.length);
  const h = new Float64Array(profiles.length);
  const n = new Float64Array(most);
  for (const profile of profileOf) n[profile]++;
  const slope = new Float64Array(COLUMNS);
  const curve = new Float64Array(COLUMNS);
  for (let r = 0; r < data.n; r++) {
    slopes(data, z, r, slope, curve);
    const of = new Map();
    for (const [i, value] of data.list[r])
      if (profileOf[i] > 0) of.set(profileOf[i], (of.get(profileOf[i]) ?? 0) + value);
    for (const [profile, value] of of)
      for (let c = 0; c < COLUMNS; c++) {
        g[profile * COLUMNS + c] += slope[c] * value;
        h[profile * COLUMNS + c] += curve[c] * value * value;
      }
  }
  for (let profile = 1; profile < most; profile++) {
    for (let c = 0; c < COLUMNS; c++) {
      const at = profile * COLUMNS + c;
      profiles[at] -= (0.04 * (g[at] + PULL * n[profile] * profiles[at])) / (h[at] + PULL * n[profile] + 1);
    }
    level(profiles, profile * COLUMNS);
  }
}
