// The address bar: all that is chosen on a page, as the part after #, and back again.

function addressOf(page) {
  const { run, conditional, ends, kept } = page;
  const short = (z) => formatCode(z, 4, ",");
  const address = new URLSearchParams({ z: short(page.z) });
  if (conditional) address.set("class", page.label);
  if (page.original !== null) address.set("image", page.original);
  if (page.basisName !== "dimensions") address.set("along", page.basisName);
  address.set("axes", page.axes.join());
  address.set("show", [...page.shows].join());
  if (page.hidden.size) {
    address.set("classes", [...run.classNames.keys()].filter(page.isShown).join());
  }
  if (ends[0]) address.set("from", short(ends[0]));
  if (ends[1]) address.set("to", short(ends[1]));
  if (ends.every(Boolean)) address.set("share", Number(page.share.toFixed(3)));
  if (kept.length) {
    const text = ({ z, label }) => short(z) + (conditional ? `@${label}` : "");
    address.set("kept", kept.map(text).join(";"));
  }
  // These are readable in an address as they are.
  return `#${address}`.replace(/%2C|%3B|%40/g, decodeURIComponent);
}

// What an address chooses. What it leaves out, or what makes no sense for this run, is as at first:
// a page then starts from its first test image.
function choicesOf({ run, bases }, hash) {
  const address = new URLSearchParams(hash.slice(1));
  const list = (name, comma = ",") => (address.get(name) ?? "").split(comma).filter(Boolean);
  const code = (text) => (text ? parseCode(text, run.latentDim) : null);
  const whole = (text, below) =>
    /^\d+$/.test(text ?? "") && Number(text) < below ? Number(text) : null;
  const classes = run.classNames.length;
  const choices = { ends: [code(address.get("from")), code(address.get("to"))] };

  choices.original = whole(address.get("image"), run.pictures?.count ?? 0);
  if (run.pictures && !address.has("z")) choices.original ??= 0;
  const first = choices.original;
  const start = first === null ? new Float32Array(run.latentDim) : codeOf(run, first);
  choices.z = code(address.get("z")) ?? start;
  const label = first === null ? 0 : Math.max(0, run.labels[first]);
  choices.label = whole(address.get("class"), classes) ?? label;

  choices.basisName = bases[address.get("along")] ? address.get("along") : "dimensions";
  const basis = bases[choices.basisName];
  const axes = list("axes").map((axis) => whole(axis, basis.count));
  const both = axes.length === 2 && !axes.includes(null) && axes[0] !== axes[1];
  choices.axes = both ? axes : firstAxes(run, basis);
  if (address.has("show")) {
    const known = (name) => ["points", "density", "images"].includes(name);
    choices.shows = new Set(list("show").filter(known));
  }
  if (address.has("classes")) {
    const shown = new Set(list("classes").map(Number));
    choices.hidden = new Set([...run.classNames.keys()].filter((label) => !shown.has(label)));
  }
  choices.share = Math.min(1, Math.max(0, Number(address.get("share")) || 0));
  choices.kept = list("kept", ";").flatMap((item) => {
    const [numbers, label] = item.split("@");
    const z = code(numbers);
    return z ? [{ z, label: whole(label, classes) ?? 0 }] : [];
  });
  return choices;
}
