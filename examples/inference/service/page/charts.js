// The charts: the last half minute of the server, sampled four times a second and asked for
// twice a second.

const span = 120; // samples on a chart
const wide = 240, high = 80; // of a chart, in its own units

const history = []; // the samples, the oldest first
const bands = []; // loads: {kind, from, to}, numbers of samples
let next = 0; // the number of the sample to ask for
let asked = 0; // the time when next was right
let interval = 250; // milliseconds

/* Numbers for people */

export function bytes(n) {
  const units = ["B", "kB", "MB", "GB"];
  let i = 0;
  while (n >= 999.5 && i < units.length - 1) { n /= 1000; i++; }
  return [n >= 100 || i === 0 ? n.toFixed(0) : n.toFixed(1), units[i]];
}

export function count(n) {
  return n >= 1e6 ? [(n / 1e6).toFixed(2), "M"] : [Math.round(n).toLocaleString("en"), ""];
}

/* A chart */

const space = "http://www.w3.org/2000/svg";

function element(name, attributes, parent) {
  const e = document.createElementNS(space, name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  parent?.append(e);
  return e;
}

class Chart {
  constructor(id, { name, of, least, label, describe, sticks = false }) {
    Object.assign(this, { name, of, least, label, describe, sticks });
    this.figure = document.getElementById(id);
    this.value = this.figure.querySelector(".value");
    this.note = this.figure.querySelector(".note");
    this.svg = element("svg", { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name}: no samples yet` });
    this.bands = element("g", {}, this.svg);
    element("line", { class: "rule", x1: 0, x2: wide, y1: 1, y2: 1 }, this.svg);
    this.area = element("path", { class: sticks ? "sticks" : "area" }, this.svg);
    if (!sticks) this.line = element("path", { class: "line" }, this.svg);
    this.scale = document.createElement("span");
    this.scale.className = "scale";
    this.scale.setAttribute("aria-hidden", "true");
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.append(this.svg, this.scale);
    this.figure.append(plot);
  }

  draw(first) {
    const top = ceiling(Math.max(this.least, ...history.map(this.of)));
    const x = (seq) => ((seq - first) / (span - 1)) * wide;
    const y = (v) => high - 1 - (v / top) * (high - 2);
    let line = "", sticks = "";
    for (const s of history) {
      const v = this.of(s);
      line += `${line ? "L" : "M"}${x(s.seq).toFixed(2)} ${y(v).toFixed(2)}`;
      if (v > 0) sticks += `M${(x(s.seq) - 0.6).toFixed(2)} ${high}V${y(v).toFixed(2)}h1.2V${high}Z`;
    }
    if (this.sticks) {
      this.area.setAttribute("d", sticks);
    } else if (history.length) {
      this.line.setAttribute("d", line);
      this.area.setAttribute("d", `${line}V${high}L${x(history[0].seq).toFixed(2)} ${high}Z`);
    }
    this.bands.replaceChildren(...bands.filter((b) => b.to > first).map((b) => {
      const from = Math.max(0, x(b.from));
      return element("rect", { class: `band ${b.kind}`, x: from, width: Math.max(0, Math.min(wide, x(b.to)) - from), y: 0, height: high });
    }));
    this.scale.textContent = this.label(top);
    const { value, unit, note } = this.describe();
    const small = document.createElement("small");
    small.textContent = unit;
    this.value.replaceChildren(`${value} `, small);
    this.note.textContent = note;
    this.svg.setAttribute("aria-label", `${this.name} in the last half minute. Now ${value} ${unit}, ${note}.`);
  }
}

// ceiling returns the least of 1, 2, 5, 10, 20, … that v does not exceed.
function ceiling(v) {
  const power = 10 ** Math.floor(Math.log10(v));
  return power * [1, 2, 5, 10].find((f) => v <= f * power * (1 + 1e-9));
}

/* The four */

let report; // the last one
const latest = () => history[history.length - 1];

// rate returns the sum of a property over the last second.
function rate(key) {
  const n = Math.round(1000 / interval);
  return history.slice(-n).reduce((sum, s) => sum + s[key], 0);
}

const perSecond = (key) => (s) => (s[key] * 1000) / interval;

const charts = [
  new Chart("chart-heap", {
    name: "Bytes on the Go heap", of: (s) => s.heap_live_bytes, least: 8e6, label: (v) => bytes(v).join(" "),
    describe() {
      const [value, unit] = bytes(latest().heap_live_bytes);
      return { value, unit, note: `allocating ${bytes(rate("heap_alloc_bytes")).join(" ")}/s` };
    },
  }),
  new Chart("chart-scope", {
    name: "Bytes in scopes", of: (s) => s.scope_bytes, least: 1e5, label: (v) => bytes(v).join(" "),
    describe() {
      const [value, unit] = bytes(Math.max(...history.slice(-4).map((s) => s.scope_bytes)));
      return { value, unit, note: `${count(report.scopes.opened).join("")} opened, ${bytes(report.scopes.used_bytes).join(" ")} held` };
    },
  }),
  new Chart("chart-gc", {
    name: "Cycles of garbage collection", of: perSecond("gc_cycles"), least: 10, label: (v) => `${v}/s`, sticks: true,
    describe() {
      return { value: String(rate("gc_cycles")), unit: "per second", note: `${count(report.heap.gc_cycles).join("")} since the start` };
    },
  }),
  new Chart("chart-requests", {
    name: "Requests", of: perSecond("requests"), least: 20, label: (v) => `${v.toLocaleString("en")}/s`,
    describe() {
      return { value: count(rate("requests")).join(""), unit: "per second", note: `${count(rate("images")).join(" ")} digits/s` };
    },
  }),
];

/* Asking */

const link = document.getElementById("link");

function say(state, text) {
  link.className = state;
  const element = document.getElementById("link-text");
  if (element.textContent !== text) element.textContent = text; // once: screen readers read it out
}

// stats returns the report of the server, with the samples from number since on.
export async function stats(since) {
  const response = await fetch(`/v1/stats?since=${since}`);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

async function poll() {
  let pause = 500;
  try {
    if (!document.hidden) {
      const got = await stats(next);
      if (got.next < next) history.length = 0; // another server
      report = got;
      interval = got.interval_ms;
      next = got.next;
      asked = performance.now();
      history.push(...got.samples);
      while (history.length && history[0].seq < next - span) history.shift();
      if (history.length) charts.forEach((c) => c.draw(next - span));
      say("connected", "the last 30 s");
    }
  } catch {
    say("lost", "the service does not answer");
    pause = 2000;
  }
  setTimeout(poll, pause);
}

poll();

// band marks the charts from now on as made under a load; the function it returns ends that.
export function band(kind) {
  const now = () => next + (performance.now() - asked) / interval;
  const b = { kind, from: Math.max(now(), bands.at(-1)?.to ?? 0), to: Infinity };
  bands.push(b);
  return () => { b.to = Math.max(b.from, now()); };
}
