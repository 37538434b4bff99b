// Latent space: axes to move along, distances, random draws. No drawing here.

// A basis gives a code z coordinates: along its own dimensions, or along principal components.
// order: its axes, the most telling first; about(i): how much they tell, as `information` has it or
// as a share of the variance.

function dimensionsOf(run) {
  const { name, values } = run.information;
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
  return {
    count: run.latentDim,
    order,
    name: (i) => `z[${i}]`,
    about: (i) => `${name} ${values[i].toFixed(2)}`,
    get: (z, i) => z[i],
    set(z, i, value) {
      z[i] = value;
    },
  };
}

function componentsOf(run) {
  const { mean, axes, shares } = run.components;
  const D = run.latentDim;
  return {
    count: shares.length,
    order: shares.map((_, i) => i),
    name: (i) => `PC ${i + 1}`,
    about: (i) => `${(100 * shares[i]).toFixed(1)} %`,
    get(z, i) {
      let sum = 0;
      for (let d = 0; d < D; d++) sum += (z[d] - mean[d]) * axes[i * D + d];
      return sum;
    },
    set(z, i, value) {
      const step = value - this.get(z, i);
      for (let d = 0; d < D; d++) z[d] += step * axes[i * D + d];
    },
  };
}

// Where test images lie on a map. No code but theirs has a place there: any other one is taken to be
// where the nearest of theirs is, and one does not move there but picks an image.
function mapOf(run) {
  const D = run.latentDim;
  const there = [...run.labels.keys()].filter((i) => !Number.isNaN(run.map[2 * i]));
  const far = there.flatMap((i) => [0, 1].map((axis) => Math.abs(run.map[2 * i + axis])));
  const closest = (size, admits) => {
    let best = null;
    let limit = Infinity;
    for (const i of there) {
      const distance = admits(run.labels[i]) ? size(i, limit) : Infinity;
      if (distance < limit) [best, limit] = [i, distance];
    }
    return best;
  };
  const fromCode = (z) => (i, limit) => {
    let distance = 0;
    for (let d = 0; d < D && distance < limit; d++) distance += (run.codes[i * D + d] - z[d]) ** 2;
    return distance;
  };
  return {
    isMap: true,
    reach: 1.04 * Math.max(1e-6, ...far),
    count: 2,
    order: [0, 1],
    name: (i) => ["map, right", "map, up"][i],
    about: () => "t-SNE",
    get: (z, axis) => run.map[2 * (closest(fromCode(z), () => true) ?? 0) + axis],
    places: (axis) => Float32Array.from(run.labels, (_, i) => run.map[2 * i + axis]),
    // The image nearest to a place, among those of a class that `admits`.
    pick: (x, y, admits) =>
      closest((i) => (run.map[2 * i] - x) ** 2 + (run.map[2 * i + 1] - y) ** 2, admits),
    // The nearest image from a place to one side, such as [1, 0], within 45 degrees.
    next: (x, y, [right, up], admits) =>
      closest((i) => {
        const step = [run.map[2 * i] - x, run.map[2 * i + 1] - y];
        const ahead = step[0] * right + step[1] * up;
        return ahead > Math.abs(step[0] * up + step[1] * right) ? Math.hypot(...step) : Infinity;
      }, admits),
  };
}

// The axes of the plane at first: the most telling two, but in their order where there are few.
const firstAxes = (run, basis) => (run.latentDim < 4 ? [0, 1] : basis.order.slice(0, 2));

const codeOf = (run, i) => run.codes.slice(i * run.latentDim, (i + 1) * run.latentDim);

// A coordinate of every test image: [N].
function project(run, basis, axis) {
  if (basis.isMap) return basis.places(axis);
  const values = new Float32Array(run.labels.length);
  const D = run.latentDim;
  for (let i = 0; i < values.length; i++) {
    values[i] = basis.get(run.codes.subarray(i * D, (i + 1) * D), axis);
  }
  return values;
}

// How far an axis goes on either side of 0: past 99.7 % of the test images, and to 3 at least.
function reachOf(values) {
  const sizes = values.filter((value) => !Number.isNaN(value)).map(Math.abs).sort();
  return 1.06 * Math.max(3, sizes[Math.floor(0.997 * (sizes.length - 1))] ?? 0);
}

// The pictures whose codes are nearest to z, the nearest first, among those that `admits`.
function nearest(run, z, k, admits) {
  const D = run.latentDim;
  const best = [];
  const count = run.pictures?.count ?? 0;
  for (let i = 0; i < count; i++) {
    if (!admits(run.labels[i])) continue;
    const limit = best.length < k ? Infinity : best[k - 1].distance;
    let distance = 0;
    for (let d = 0; d < D && distance < limit; d++) {
      const step = run.codes[i * D + d] - z[d];
      distance += step * step;
    }
    if (distance >= limit) continue;
    let place = best.length;
    while (place && best[place - 1].distance > distance) place--;
    best.splice(place, 0, { index: i, distance });
    best.length = Math.min(best.length, k);
  }
  return best.map((found) => found.index);
}

function normal() {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
  return radius * Math.cos(2 * Math.PI * Math.random());
}

const drawPrior = (run) => Float32Array.from({ length: run.latentDim }, normal);

function drawMixture(run) {
  const { weights, means, factors } = run.mixture;
  const D = run.latentDim;
  let left = Math.random();
  let k = 0;
  while (k < weights.length - 1 && (left -= weights[k]) > 0) k++;
  const noise = Array.from({ length: D }, normal);
  const z = means.slice(k * D, (k + 1) * D);
  let at = k * ((D * (D + 1)) / 2);
  for (let row = 0; row < D; row++) {
    for (let column = 0; column <= row; column++) z[row] += factors[at++] * noise[column];
  }
  return z;
}

const between = (a, b, share) => a.map((value, d) => (1 - share) * value + share * b[d]);

// Numbers with anything between them; null unless they are a code.
function parseCode(text, latentDim) {
  const parts = text.split(/[\s,;[\](){}]+/).filter(Boolean);
  const numbers = Float32Array.from(parts, Number);
  return parts.length === latentDim && numbers.every(Number.isFinite) ? numbers : null;
}

// 6 decimals are exact enough for anyone; trailing zeros tell nothing.
const formatCode = (z, decimals = 6, comma = ", ") =>
  Array.from(z, (value) => String(Number(value.toFixed(decimals)) + 0)).join(comma);
