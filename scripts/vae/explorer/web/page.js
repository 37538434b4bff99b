// The page: what is chosen, and what follows from it.

const NEAREST = 8;
const NEAREST_MS = 80; // between two looks for them, while one drags
const GALLERY = 12;
const SLIDERS = 24; // at first, of the most telling dimensions
const CHOICES = 300; // of dimensions, for either axis of the plane
const LATTICE = 20; // decoded images on a side of the plane, at most,
const LATTICE_MS = 1500; // and no more than take this long
const WALK_MS = 2500;

const $ = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Replace what an element holds; the focus stays at the same place in it.
function refill(element, children) {
  const hasFocus = (child) => child.contains(document.activeElement);
  const focused = [...element.children].findIndex(hasFocus);
  element.replaceChildren(...children);
  const next = element.children[focused];
  if (next) (next.matches("button") ? next : next.querySelector("button")).focus();
}

class Page {
  constructor(run, { decode, classes }) {
    Object.assign(this, { run, decode, conditional: classes > 0 });
    this.bases = { dimensions: dimensionsOf(run) };
    if (run.components) this.bases.components = componentsOf(run);
    if (run.map) this.bases.map = mapOf(run);
    this.projections = new Map();
    this.isShown = (label) => !this.hidden.has(label);
    this.frames = 0;
    // Kept in memory: pixels go there in every frame.
    this.context = $("image").getContext("2d", { willReadFrequently: true });
    this.nearestAt = -Infinity;
    this.plane = new Plane($("plane"), $("ring"), (x, y) => this.moveOnPlane(x, y));
    this.reset();
  }

  reset() {
    const { run } = this;
    this.z = new Float32Array(run.latentDim);
    this.label = 0;
    this.original = null; // the test image from which one started, until the point moves
    this.basisName = "dimensions";
    this.axes = firstAxes(run, this.basis);
    this.shows = new Set(["points", "density"]);
    this.hidden = new Set();
    this.ends = [null, null]; // codes of the walk
    this.share = 0;
    this.kept = [];
    this.offset = 0; // of the gallery
    this.byScore = false; // its order
  }

  get basis() {
    return this.bases[this.basisName];
  }

  get planeName() {
    return [this.basisName, ...this.axes].join();
  }

  get flat() {
    return this.run.latentDim === 1; // a line, drawn as a plane
  }

  // ---- Moving

  // Go to a code; original: the test image that it comes from.
  goTo(z, original = null, label = this.label) {
    this.z = z;
    this.original = original;
    this.label = label;
    this.update();
  }

  moveOnPlane(x, y) {
    if (this.basis.isMap) {
      this.pick(this.basis.pick(x, y, this.isShown));
      return;
    }
    this.stop();
    this.basis.set(this.z, this.axes[0], x);
    if (!this.flat) this.basis.set(this.z, this.axes[1], y);
    this.original = null;
    this.update();
  }

  // Start from a test image of the map, if there is one.
  pick(index) {
    if (index !== null) this.startFrom(index);
  }

  goToMiddle() {
    this.stop();
    this.goTo(new Float32Array(this.run.latentDim));
  }

  startFrom(index) {
    this.stop();
    const label = this.run.labels[index];
    const isPicture = index < (this.run.pictures?.count ?? 0);
    const original = isPicture ? index : null;
    this.goTo(codeOf(this.run, index), original, this.conditional ? label : this.label);
  }

  random(origin) {
    return origin === "mixture" ? drawMixture(this.run) : drawPrior(this.run);
  }

  draw(origin) {
    if (origin === "mixture" && !this.run.mixture) return;
    this.stop();
    this.goTo(this.random(origin));
  }

  // Decode and show, once a frame at most; what changes meanwhile is in the next one.
  update() {
    this.changed = true;
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(async () => {
      this.changed = false;
      try {
        this.show(await this.decode(this.z, this.label));
      } catch (error) {
        fail(error);
      }
      this.pending = false;
      if (this.changed) this.update();
    });
  }

  show(mean) {
    this.context.putImageData(toPixels(mean, this.run.shape), 0, 0);
    this.plane.mark(...this.at(this.z));
    this.showSliders();
    this.showNearest();
    this.showOriginal();
    if (document.activeElement !== $("code")) $("code").value = formatCode(this.z);
    if (this.conditional) $("label").value = this.label;
    this.frames++;
    later("address", 300, () => this.writeAddress());
    later("say", 700, () => this.say());
    if (this.shows.has("images")) later("lattice", 150, () => this.drawLattice());
  }

  say() {
    const { basis, axes } = this;
    const shown = axes.slice(0, this.flat ? 1 : 2);
    const where = shown.map((axis) => `${basis.name(axis)} ${basis.get(this.z, axis).toFixed(2)}`);
    const near = this.near?.length ? this.nameOf(this.near[0]) : "";
    $("said").textContent = where.join(", ") + (near && `, nearest class ${near}`);
    $("plane").setAttribute("aria-label", `Plane of latent space, at ${where.join(", ")}`);
  }

  // ---- The plane

  projection(axis) {
    const key = `${this.basisName} ${axis}`;
    if (!this.projections.has(key)) {
      this.projections.set(key, project(this.run, this.basis, axis));
    }
    return this.projections.get(key);
  }

  drawPlane() {
    const x = this.projection(this.axes[0]);
    const { isMap } = this.basis;
    const isLattice = this.shows.has("images") && this.lattice?.plane === this.planeName;
    const golden = (_, i) => (((i * 0.618) % 1) - 0.5) * 3; // spreads the points of a line
    const y = this.flat ? Float32Array.from(x, golden) : this.projection(this.axes[1]);
    this.plane.draw({
      run: this.run,
      x,
      y,
      reach: isMap ? this.basis.reach : Math.max(reachOf(x), reachOf(y)),
      names: isMap
        ? null
        : [this.basis.name(this.axes[0]), this.flat ? "" : this.basis.name(this.axes[1])],
      rings: this.basisName === "dimensions" && !this.flat,
      isShown: this.isShown,
      shows: this.shows,
      images: isLattice ? this.lattice.canvas : null,
      line: !isMap && this.ends.every(Boolean) && this.ends.map((z) => this.at(z)),
    });
    this.plane.mark(...this.at(this.z));
  }

  // Where a code is on the plane.
  at(z) {
    return this.axes.map((axis, i) => (i && this.flat ? 0 : this.basis.get(z, axis)));
  }

  // The test image nearest to the middle of each cell of the map, as far as the page carries it.
  drawTiles() {
    const { run } = this;
    const key = [this.planeName, ...this.hidden].join();
    if (key === this.latticeKey || !run.pictures) return;
    this.latticeKey = key;
    const side = run.pictures.side + Math.ceil(run.pictures.side / 16); // a gap
    const { reach } = this.plane;
    const canvas = make("canvas", { width: LATTICE * side, height: LATTICE * side });
    const context = canvas.getContext("2d");
    const cells = new Map();
    for (let i = 0; i < run.pictures.count; i++) {
      const [x, y] = [0, 1].map((axis) => ((run.map[2 * i + axis] / reach + 1) / 2) * LATTICE);
      const [column, row] = [Math.floor(x), Math.floor(LATTICE - y)];
      if (!this.isShown(run.labels[i]) || Number.isNaN(x)) continue;
      const apart = Math.hypot(x - column - 0.5, LATTICE - y - row - 0.5);
      const cell = `${column} ${row}`;
      if (!(cells.get(cell)?.apart <= apart)) cells.set(cell, { column, row, apart, i });
    }
    for (const { column, row, i } of cells.values()) {
      this.drawTile(context, i, column * side, row * side);
    }
    this.lattice = { canvas, plane: this.planeName };
    this.drawPlane();
  }

  // Decoded images all over the plane, the other coordinates as they are.
  async drawLattice() {
    if (this.basis.isMap) {
      this.drawTiles();
      return;
    }
    const { run, plane, basis, axes } = this;
    const rest = this.z.slice();
    axes.slice(0, this.flat ? 1 : 2).forEach((axis) => basis.set(rest, axis, 0));
    const key = [this.planeName, this.label, formatCode(rest, 3), plane.reach].join();
    if (key === this.latticeKey) return;
    this.latticeKey = key;
    const start = performance.now();
    await this.decode(rest, this.label);
    const each = performance.now() - start;
    const n = Math.max(5, Math.min(LATTICE, Math.floor(Math.sqrt(LATTICE_MS / each))));
    const [height, width] = run.shape;
    const [right, down] = [width, height].map((length) => length + Math.ceil(length / 16)); // a gap
    const canvas = make("canvas", { width: n * right, height: n * down });
    const context = canvas.getContext("2d");
    const middle = (i) => (((i + 0.5) / n) * 2 - 1) * plane.reach;
    for (let row = 0; row < n; row++) {
      const codes = new Float32Array(n * run.latentDim);
      for (let column = 0; column < n; column++) {
        const z = rest.slice();
        basis.set(z, axes[0], middle(column));
        if (!this.flat) basis.set(z, axes[1], -middle(row));
        codes.set(z, column * run.latentDim);
      }
      const mean = await this.decode(codes, this.label);
      for (let i = 0; i < n; i++) {
        context.putImageData(toPixels(mean, run.shape, i), i * right, row * down);
      }
      await new Promise((resolve) => setTimeout(resolve)); // let the page breathe
      if (this.latticeKey !== key) return; // somebody moved on
    }
    this.lattice = { canvas, plane: this.planeName };
    this.drawPlane();
  }

  // ---- Sliders

  buildSliders() {
    const others = this.basis.order.filter((axis) => !this.axes.includes(axis));
    const shown = this.allSliders ? others : others.slice(0, SLIDERS);
    this.sliders = shown.map((axis) => {
      const reach = reachOf(this.projection(axis));
      const input = make("input", { type: "range", min: -reach, max: reach, step: "any" });
      const output = make("output");
      const name = this.basis.name(axis);
      const label = make("label", { title: this.basis.about(axis) }, name, input, output);
      input.setAttribute("aria-label", `${name}, ${this.basis.about(axis)}`);
      input.addEventListener("input", () => {
        this.stop();
        this.basis.set(this.z, axis, Number(input.value));
        this.original = null;
        this.update();
      });
      return { axis, input, output, label };
    });
    $("sliders").replaceChildren(...this.sliders.map((slider) => slider.label));
    $("others").hidden = !others.length;
    $("others-title").textContent = this.basisName === "dimensions"
      ? `Other dimensions, by ${this.run.information.name} in ${this.run.information.unit}`
      : "Other components, by variance";
    $("all-sliders").hidden = shown.length === others.length;
    $("all-sliders").textContent = `Show all ${others.length}`;
    this.showSliders();
  }

  showSliders() {
    for (const slider of this.sliders) {
      const value = this.basis.get(this.z, slider.axis);
      if (slider.value === value) continue;
      slider.value = value;
      if (document.activeElement !== slider.input || Number(slider.input.value) !== value) {
        slider.input.value = value;
      }
      slider.output.textContent = value.toFixed(2);
    }
  }

  // ---- Test images

  // The class of a test image; empty where images have none.
  nameOf(index) {
    const { classNames, labels } = this.run;
    return classNames.length ? (classNames[labels[index]] ?? "no class") : "";
  }

  drawTile(context, index, x, y) {
    const { columns, side, image } = this.run.pictures;
    const left = (index % columns) * side;
    const top = Math.floor(index / columns) * side;
    context.drawImage(image, left, top, side, side, x, y, side, side);
  }

  tile(index, canvas) {
    canvas.width = canvas.height = this.run.pictures.side;
    this.drawTile(canvas.getContext("2d"), index, 0, 0);
  }

  testButton(index) {
    const canvas = make("canvas");
    this.tile(index, canvas);
    const name = this.nameOf(index);
    const score = `score ${this.run.scores[index].toFixed(1)}`;
    const title = name ? `${name}, ${score}` : score;
    const button = make("button", { type: "button", className: "picture", title }, canvas);
    const said = `Start from test image ${index + 1}${name && `, class ${name}`}`;
    button.setAttribute("aria-label", said);
    button.addEventListener("click", () => this.startFrom(index));
    const label = make("span", { className: "name", textContent: name, ariaHidden: "true" });
    return make("div", { className: "item" }, button, label);
  }

  showNearest() {
    if (!this.run.pictures) return;
    if (performance.now() < this.nearestAt + NEAREST_MS) {
      later("nearest", NEAREST_MS, () => this.showNearest());
      return;
    }
    this.nearestAt = performance.now();
    const found = nearest(this.run, this.z, NEAREST, this.isShown);
    if (this.near?.join() === found.join()) return;
    this.near = found;
    refill($("nearest"), found.map((index) => this.testButton(index)));
  }

  showGallery() {
    if (!this.run.pictures) return;
    const labels = [...this.run.labels.subarray(0, this.run.pictures.count)];
    const all = [...labels.keys()].filter((i) => this.isShown(labels[i]));
    const { scores } = this.run;
    if (this.byScore) all.sort((a, b) => scores[b] - scores[a]);
    const start = all.length ? this.offset % all.length : 0;
    const some = [...all.slice(start), ...all.slice(0, start)].slice(0, GALLERY);
    refill($("gallery"), some.map((index) => this.testButton(index)));
    $("more").hidden = all.length <= GALLERY;
  }

  sortGallery() {
    this.byScore = !this.byScore;
    this.offset = 0;
    $("by-score").setAttribute("aria-pressed", this.byScore);
    this.showGallery();
  }

  showOriginal() {
    $("original").hidden = this.original === null;
    if (this.original === null) return;
    this.tile(this.original, $("original").querySelector("canvas"));
    const name = this.nameOf(this.original);
    $("original").querySelector("figcaption").textContent = `test image${name && `, ${name}`}`;
  }

  // ---- A walk

  async thumbnail(z, canvas, label = this.label) {
    [canvas.height, canvas.width] = this.run.shape;
    const pixels = toPixels(await this.decode(z, label), this.run.shape);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    canvas.hidden = false;
  }

  setEnd(which, z) {
    this.ends[which] = z.slice();
    this.share = which;
    this.showWalk();
    this.drawPlane();
    this.update();
  }

  showWalk() {
    const ready = this.ends.every(Boolean);
    $("share").disabled = $("play").disabled = !ready;
    $("share").value = this.share;
    [$("from"), $("to")].forEach((button, which) => {
      const canvas = button.querySelector("canvas");
      canvas.hidden = !this.ends[which];
      if (this.ends[which]) this.thumbnail(this.ends[which], canvas);
    });
  }

  walkTo(share) {
    this.share = share;
    $("share").value = share;
    this.goTo(between(...this.ends, share));
  }

  play() {
    if (this.playing) {
      this.stop();
      return;
    }
    $("play").textContent = "Pause";
    // Where the slider is, on the way there; a cosine slows down at either end.
    const start = performance.now() - (Math.acos(1 - 2 * this.share) / Math.PI) * WALK_MS;
    const step = (now) => {
      this.walkTo((1 - Math.cos((Math.PI * (now - start)) / WALK_MS)) / 2);
      this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
  }

  stop() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = null;
    $("play").textContent = "Play";
  }

  // ---- Kept images

  keep() {
    this.kept.push({ z: this.z.slice(), label: this.label });
    this.showKept();
    this.update();
  }

  showKept() {
    const items = this.kept.map(({ z, label }, i) => {
      const canvas = make("canvas");
      this.thumbnail(z, canvas, label);
      const go = make("button", { type: "button", className: "picture" }, canvas);
      go.setAttribute("aria-label", `Go to kept image ${i + 1}`);
      go.addEventListener("click", () => {
        this.stop();
        this.goTo(z.slice(), null, label);
      });
      const away = make("button", { type: "button", className: "away", textContent: "×" });
      away.setAttribute("aria-label", `Remove kept image ${i + 1}`);
      away.addEventListener("click", () => {
        this.kept.splice(i, 1);
        this.showKept();
        this.writeAddress();
      });
      return make("div", { className: "item" }, go, away);
    });
    $("favourites").replaceChildren(...items);
  }

  // ---- The address

  writeAddress() {
    if (location.hash !== this.address) return; // somebody typed another, which is yet to be read
    history.replaceState(null, "", addressOf(this));
    this.address = location.hash;
  }

  readAddress() {
    this.stop();
    this.reset();
    this.address = location.hash;
    Object.assign(this, choicesOf(this, this.address));
    this.showAll();
  }

  // ---- All there is to choose

  showAll() {
    $("basis").value = this.basisName;
    this.showAxes();
    this.showClasses();
    this.showShows();
    this.showGallery();
    this.showWalk();
    this.showKept();
    this.update();
  }

  showAxes() {
    [$("axis-x"), $("axis-y")].forEach((select, which) => {
      const first = this.basis.order.slice(0, CHOICES);
      if (!first.includes(this.axes[which]) && !this.flat) first.push(this.axes[which]);
      const options = first.map((axis) =>
        make("option", { value: axis }, `${this.basis.name(axis)} · ${this.basis.about(axis)}`));
      select.replaceChildren(...options);
      select.value = this.axes[which];
    });
    for (const label of document.querySelectorAll("#axes .axis")) label.hidden = this.basis.isMap;
    this.buildSliders();
    this.drawPlane();
  }

  setAxis(which, axis) {
    // The axis that the other one has: they change places.
    if (this.axes[1 - which] === axis) this.axes[1 - which] = this.axes[which];
    this.axes[which] = axis;
    this.showAxes();
    this.update();
  }

  setBasis(name) {
    this.basisName = name;
    this.axes = firstAxes(this.run, this.basis);
    this.showAxes();
    this.update();
  }

  showShows() {
    for (const button of document.querySelectorAll("[data-show]")) {
      button.ariaPressed = String(this.shows.has(button.dataset.show));
    }
  }

  toggleShow(name) {
    if (!this.shows.delete(name)) this.shows.add(name);
    this.latticeKey = null;
    this.showShows();
    this.drawPlane();
    this.update();
  }

  showClasses() {
    const { run } = this;
    if (run.classNames.length < 2) return;
    const colours = colourClasses(run, this.isShown);
    const button = (name, pressed, act, dot) => {
      const element = make("button", { type: "button" }, ...(dot ? [dot] : []), name);
      if (pressed !== null) element.ariaPressed = String(pressed);
      element.title = name;
      element.addEventListener("click", () => {
        act();
        this.showClasses();
        this.drawPlane();
        this.showGallery();
        this.update();
      });
      return element;
    };
    const every = run.classNames.map((_, label) => label);
    refill($("classes"), [
      button("all", null, () => this.hidden.clear()),
      button("none", null, () => { this.hidden = new Set(every); }),
      ...every.map((label) => {
        const dot = make("i");
        dot.style.background = colours.get(label) ?? "var(--rest)";
        const toggle = () => { if (!this.hidden.delete(label)) this.hidden.add(label); };
        return button(run.classNames[label], this.isShown(label), toggle, dot);
      }),
    ]);
  }

  // ---- Wiring, once

  wire() {
    const { run } = this;
    const [height, width] = run.shape;
    Object.assign($("image"), { width, height });
    document.body.classList.toggle("sharp", Math.max(height, width) <= 64);
    $("facts").textContent = factsOf(run);
    $("basis-label").hidden = Object.keys(this.bases).length < 2;
    for (const option of [...$("basis").options]) {
      if (!this.bases[option.value]) option.remove();
    }
    $("axes").hidden = this.flat;
    $("classes").hidden = run.classNames.length < 2;
    $("near").hidden = $("tests").hidden = !run.pictures;
    $("mixture").hidden = !run.mixture;
    if (run.pictures && run.pictures.count < run.testImages) {
      const count = run.pictures.count.toLocaleString("en");
      $("near-title").textContent = `Nearest test images, of ${count}`;
    }
    $("label-choice").hidden = !this.conditional;
    if (this.conditional) {
      const options = run.classNames.map((name, value) => make("option", { value }, name));
      $("label").replaceChildren(...options);
    }

    const on = (id, type, act) => $(id).addEventListener(type, act);
    on("axis-x", "change", (event) => this.setAxis(0, Number(event.target.value)));
    on("axis-y", "change", (event) => this.setAxis(1, Number(event.target.value)));
    on("basis", "change", (event) => this.setBasis(event.target.value));
    on("shows", "click", ({ target }) => {
      if (target.dataset.show) this.toggleShow(target.dataset.show);
    });
    on("label", "change", (event) => this.goTo(this.z, this.original, Number(event.target.value)));
    on("prior", "click", () => this.draw("prior"));
    on("mixture", "click", () => this.draw("mixture"));
    on("middle", "click", () => this.goToMiddle());
    on("keep", "click", () => this.keep());
    on("download", "click", () => this.download());
    on("copy", "click", () => this.copy());
    on("code", "input", () => this.readCode());
    on("code", "blur", () => {
      $("code").value = formatCode(this.z);
      $("code-error").textContent = "";
    });
    on("all-sliders", "click", () => { this.allSliders = true; this.buildSliders(); });
    on("more", "click", () => { this.offset += GALLERY; this.showGallery(); });
    on("by-score", "click", () => this.sortGallery());
    on("from", "click", () => this.setEnd(0, this.z));
    on("to", "click", () => this.setEnd(1, this.z));
    on("share", "input", () => { this.stop(); this.walkTo(Number($("share").value)); });
    on("play", "click", () => this.play());
    on("plane", "keydown", (event) => this.onKey(event));
    on("theme", "click", () => this.changeTheme());
    window.addEventListener("hashchange", () => {
      if (location.hash !== this.address) this.readAddress();
    });
    new ResizeObserver(() => this.drawPlane()).observe($("plane"));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.drawPlane());
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = this.plane.reach / (event.shiftKey ? 12 : 60);
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const keys = {
      r: () => this.draw("prior"),
      m: () => this.draw("mixture"),
      f: () => this.keep(),
      0: () => this.goToMiddle(),
    };
    if (steps[event.key]) {
      const [right, up] = steps[event.key];
      const [x, y] = this.at(this.z);
      if (this.basis.isMap) this.pick(this.basis.next(x, y, [right, up], this.isShown));
      else this.moveOnPlane(x + right * step, y + up * step);
    } else if (keys[event.key.toLowerCase()]) {
      keys[event.key.toLowerCase()]();
    } else return;
    event.preventDefault();
  }

  readCode() {
    const z = parseCode($("code").value, this.run.latentDim);
    const wanted = this.run.latentDim === 1 ? "one number" : `${this.run.latentDim} numbers`;
    $("code-error").textContent = z ? "" : `A code of this run is ${wanted}.`;
    if (!z) return;
    this.stop();
    this.goTo(z);
  }

  async copy() {
    const text = formatCode(this.z);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      $("code").select();
      document.execCommand("copy");
    }
    $("said").textContent = "Copied";
    $("copy").textContent = "Copied";
    later("copied", 1500, () => { $("copy").textContent = "Copy"; });
  }

  // A PNG file, small images enlarged by a whole factor.
  download() {
    const [height, width] = this.run.shape;
    const by = Math.max(1, Math.floor(256 / Math.max(height, width)));
    const canvas = make("canvas", { width: by * width, height: by * height });
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage($("image"), 0, 0, canvas.width, canvas.height);
    const link = make("a", {
      href: canvas.toDataURL("image/png"),
      download: `${this.run.dataset}_${this.run.run}.png`,
    });
    link.click();
  }

  changeTheme() {
    const root = document.documentElement;
    const themes = ["automatic", "light", "dark"];
    const next = themes[(themes.indexOf(root.dataset.theme ?? "automatic") + 1) % 3];
    root.dataset.theme = next;
    $("theme").textContent = `Theme: ${next}`;
    this.drawPlane();
  }
}

function factsOf(run) {
  const counted = `${run.latentDim} latent dimension${run.latentDim === 1 ? "" : "s"}`;
  const [height, width, channels] = run.shape;
  const kind = run.settings.conditional ? "conditional VAE" : "VAE";
  return `${kind}, network ${run.settings.model}, ${counted}, ${height}×${width} ` +
    `${channels === 1 ? "gray" : "colour"}; ${run.labels.length.toLocaleString("en")} of ` +
    `${run.testImages.toLocaleString("en")} test images`;
}

// Call something after a while in which nothing else is called by this name.
const timers = new Map();
function later(name, milliseconds, act) {
  clearTimeout(timers.get(name));
  timers.set(name, setTimeout(act, milliseconds));
}

function fail(error) {
  $("status").hidden = false;
  $("status").textContent =
    `The decoder does not run in this browser (${error.message ?? error}). ` +
    "A recent Firefox, Chrome, Edge or Safari is needed.";
}

async function start() {
  const run = await readRun();
  const page = new Page(run, await startDecoder(run));
  page.wire();
  document.querySelector("main").hidden = false;
  page.readAddress();
  $("status").hidden = true;
  window.explorer = page;
  document.documentElement.dataset.ready = "";
}

start().catch(fail);
