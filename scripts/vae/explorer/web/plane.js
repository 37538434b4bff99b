// The plane: two axes of latent space, the test set on it, and the point that is decoded.

// Ten colours that stay apart for the colour-blind too (Petroff 2021, arXiv:2107.02270).
const COLOURS = (
  "#3f90da #ffa90e #bd1f01 #94a4a2 #832db6 #a96b59 #e76300 #b9ac70 #717581 #92dadd"
).split(" ");
const MOST_POINTS = 4000; // above this many, points are squares, which are drawn much faster
const CELLS = 128; // of the density, on a side

// A colour for each class that is shown: its own among ten classes, else one of the ten largest
// that are shown has; the others have none.
function colourClasses(run, isShown) {
  if (!run.classNames.length) return new Map([[-1, COLOURS[0]]]);
  const counts = new Map();
  for (const label of run.labels) {
    if (isShown(label)) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  if (run.classNames.length <= COLOURS.length) {
    return new Map([...counts.keys()].map((label) => [label, COLOURS[label] ?? null]));
  }
  const largest = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const first = largest.slice(0, COLOURS.length).map(([label]) => label).sort((a, b) => a - b);
  return new Map(first.map((label, i) => [label, label < 0 ? null : COLOURS[i]]));
}

class Plane {
  // ring: an element that marks the point. moveTo(x, y): called while it is dragged.
  constructor(canvas, ring, moveTo) {
    this.canvas = canvas;
    this.ring = ring;
    this.x = this.y = new Float32Array();
    this.reach = 3;
    this.length = 0; // of a side, in CSS pixels
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      moveTo(...this.coordinates(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) moveTo(...this.coordinates(event));
    });
  }

  get scale() {
    return this.canvas.width / (2 * this.reach);
  }

  coordinates(event) {
    const box = this.canvas.getBoundingClientRect();
    const within = (offset, length) =>
      (Math.min(1, Math.max(0, offset / length)) * 2 - 1) * this.reach;
    const right = within(event.clientX - box.left, box.width);
    return [right, -within(event.clientY - box.top, box.height)];
  }

  place(x, y) {
    return [(x + this.reach) * this.scale, (this.reach - y) * this.scale];
  }

  // Draw all but the ring, which is all that moves while one drags. shows: what of points, density
  // and images; images: a canvas of them; names: of the axes, null for none; line: two points to join.
  draw({ run, x, y, reach, names, rings, isShown, shows, images, line }) {
    Object.assign(this, { x, y, reach });
    const { canvas } = this;
    this.length = canvas.clientWidth;
    const side = Math.max(1, Math.round(this.length * devicePixelRatio));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const colours = {
      ground: style.getPropertyValue("--ground"),
      line: style.getPropertyValue("--line"),
      text: style.getPropertyValue("--soft"),
      rest: style.getPropertyValue("--rest"),
    };
    context.globalAlpha = 1;
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, side, side);
    const byClass = colourClasses(run, isShown);
    const colourOf = (label) => byClass.get(label) ?? colours.rest;
    if (images) {
      context.imageSmoothingEnabled = false;
      context.drawImage(images, 0, 0, side, side);
    }
    if (shows.has("density")) this.drawDensity(context, run, isShown, colourOf, Boolean(images));
    if (names) this.drawAxes(context, colours, names, rings);
    if (shows.has("points")) this.drawPoints(context, run, isShown, colourOf, byClass);
    if (line) this.drawLine(context, line, style.color);
  }

  drawAxes(context, colours, names, rings) {
    const side = this.canvas.width;
    const unit = devicePixelRatio;
    context.strokeStyle = colours.line;
    context.lineWidth = unit;
    const [middle, up] = this.place(0, 0);
    context.beginPath();
    context.moveTo(0, up);
    context.lineTo(side, up);
    context.moveTo(middle, 0);
    context.lineTo(middle, side);
    context.stroke();
    for (const radius of rings ? [1, 2, 3] : []) {
      context.beginPath();
      context.arc(middle, up, radius * this.scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.fillStyle = colours.text;
    context.font = `${12 * unit}px system-ui, sans-serif`;
    context.strokeStyle = colours.ground;
    context.lineWidth = 3 * unit;
    const write = (name, align, left, top) => {
      context.textAlign = align;
      context.strokeText(name, left, top);
      context.fillText(name, left, top);
    };
    write(names[0], "right", side - 6 * unit, up - 6 * unit);
    write(names[1], "left", middle + 6 * unit, 15 * unit);
  }

  drawPoints(context, run, isShown, colourOf, byClass) {
    const { x, y } = this;
    const n = x.length;
    const radius = devicePixelRatio * (n > MOST_POINTS ? 1.1 : n > 1000 ? 1.8 : 2.6);
    context.globalAlpha = 0.65;
    const draw = (i) => {
      if (Number.isNaN(x[i])) return;
      const [left, top] = this.place(x[i], y[i]);
      if (n > MOST_POINTS) {
        context.fillRect(left - radius, top - radius, 2 * radius, 2 * radius);
      } else {
        context.beginPath();
        context.arc(left, top, radius, 0, 2 * Math.PI);
        context.fill();
      }
    };
    // In their random order, which favours no class; but those without a colour below.
    for (const coloured of [false, true]) {
      for (let i = 0; i < n; i++) {
        const label = run.labels[i];
        if (!isShown(label) || Boolean(byClass.get(label)) !== coloured) continue;
        context.fillStyle = colourOf(label);
        draw(i);
      }
    }
    context.globalAlpha = 1;
  }

  // Where the test set is dense: each cell in the mean colour of its classes.
  drawDensity(context, run, isShown, colourOf, light) {
    const sums = [0, 1, 2, 3].map(() => new Float32Array(CELLS * CELLS)); // red green blue number
    const mixed = new Map();
    for (let i = 0; i < this.x.length; i++) {
      if (!isShown(run.labels[i])) continue;
      const column = Math.floor(((this.x[i] / this.reach + 1) / 2) * CELLS);
      const row = Math.floor(((1 - this.y[i] / this.reach) / 2) * CELLS);
      const within = (cell) => cell >= 0 && cell < CELLS; // false of NaN, too
      if (!within(column) || !within(row)) continue;
      const cell = row * CELLS + column;
      const colour = colourOf(run.labels[i]);
      if (!mixed.has(colour)) mixed.set(colour, redGreenBlue(colour));
      mixed.get(colour).forEach((value, channel) => { sums[channel][cell] += value; });
      sums[3][cell] += 1;
    }
    const [red, green, blue, number] = sums.map(blur);
    const most = number.reduce((a, b) => Math.max(a, b), 1e-9);
    const cells = new ImageData(CELLS, CELLS);
    for (let cell = 0; cell < number.length; cell++) {
      if (number[cell] < 1e-9) continue;
      cells.data[4 * cell] = red[cell] / number[cell];
      cells.data[4 * cell + 1] = green[cell] / number[cell];
      cells.data[4 * cell + 2] = blue[cell] / number[cell];
      cells.data[4 * cell + 3] = (light ? 120 : 190) * (number[cell] / most) ** 0.65;
    }
    const small = document.createElement("canvas");
    small.width = small.height = CELLS;
    small.getContext("2d").putImageData(cells, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, this.canvas.width, this.canvas.height);
  }

  drawLine(context, ends, colour) {
    const unit = devicePixelRatio;
    context.strokeStyle = colour;
    context.lineWidth = 1.5 * unit;
    context.setLineDash([5 * unit, 4 * unit]);
    context.beginPath();
    for (const end of ends) context.lineTo(...this.place(...end));
    context.stroke();
    context.setLineDash([]);
  }

  // Put the ring where the point is, or at the nearest edge. An element of its own: moving it
  // costs a browser less than any drawing.
  mark(x, y) {
    const pixels = (value) => this.length * Math.min(1, Math.max(0, (value / this.reach + 1) / 2));
    this.ring.style.transform = `translate(${pixels(x)}px, ${pixels(-y)}px)`;
  }
}

// #rrggbb or rgb(r, g, b) as three numbers.
function redGreenBlue(colour) {
  if (!colour.startsWith("#")) return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

// Three running means of five cells, along rows and then columns: nearly a Gaussian.
function blur(cells) {
  for (let round = 0; round < 6; round++) {
    const step = round < 3 ? 1 : CELLS;
    const result = new Float32Array(cells.length);
    for (let i = 0; i < cells.length; i++) {
      const at = step === 1 ? i % CELLS : Math.floor(i / CELLS);
      for (let offset = -2; offset <= 2; offset++) {
        if (at + offset >= 0 && at + offset < CELLS) result[i] += cells[i + offset * step] / 5;
      }
    }
    cells = result;
  }
  return cells;
}
