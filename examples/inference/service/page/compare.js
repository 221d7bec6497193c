// The comparison: the same load on the Go heap and in scopes, measured from this browser.

import { lastSeen } from "./draw.js";
import { band, bytes, count, stats } from "./charts.js";

const batch = 256; // digits in a request
const lanes = 4; // requests at a time
const turns = 5; // of each memory: they alternate, so that whatever else the machine does hits both
const lasts = 1000; // milliseconds of a turn

const button = document.getElementById("run");
const progress = document.getElementById("progress");
const outcome = document.getElementById("outcome");

// body returns a batch: what the network saw last, or a stroke, moved about a little.
function body() {
  let image = lastSeen();
  if (!image.some((v) => v)) image = Uint8Array.from({ length: 784 }, (_, i) => (i % 28 > 12 && i % 28 < 16 && i > 112 && i < 672 ? 255 : 0));
  const all = new Uint8Array(batch * 784);
  for (let i = 0; i < batch; i++) {
    const shift = (Math.floor(Math.random() * 5) - 2) * 28 + Math.floor(Math.random() * 5) - 2;
    for (let j = 0; j < 784; j++) all[784 * i + j] = image[(j + shift + 784) % 784];
  }
  return all;
}

// load sends batches for one turn and adds what that cost to figures.
async function load(memory, figures, data, signal) {
  const before = await stats(Number.MAX_SAFE_INTEGER);
  const begin = performance.now(), done = band(memory);
  const lane = async () => {
    while (performance.now() < begin + lasts) {
      const response = await fetch(`/v1/predict?memory=${memory}`, {
        method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: data, signal,
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`the service answered ${response.status}`);
      figures.durations.push(Number(/dur=([\d.]+)/.exec(response.headers.get("Server-Timing"))[1]));
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    done();
  }
  figures.seconds += (performance.now() - begin) / 1000;
  const after = await stats(Number.MAX_SAFE_INTEGER);
  figures.allocated += after.heap.allocated_bytes - before.heap.allocated_bytes;
  figures.cycles += after.heap.gc_cycles - before.heap.gc_cycles;
}

// durations are what the server took for each batch: this browser is busy too, and slower.
const none = () => ({ durations: [], seconds: 0, allocated: 0, cycles: 0 });

// summary returns what a memory cost in all turns so far.
function summary(figures) {
  const d = figures.durations.toSorted((a, b) => a - b);
  return {
    digits: (batch * d.length) / figures.seconds,
    garbage: figures.allocated / d.length,
    cycles: figures.cycles,
    p99: d[Math.min(d.length - 1, Math.floor(0.99 * d.length))],
  };
}

// fill shows a summary in the row of its memory.
function fill(memory, r) {
  const texts = r ? [count(r.digits).join(""), bytes(r.garbage).join(" "), count(r.cycles).join(""), `${r.p99.toFixed(r.p99 < 99.95 ? 1 : 0)} ms`] : ["–", "–", "–", "–"];
  document.querySelectorAll(`#row-${memory} td`).forEach((cell, i) => { cell.textContent = texts[i]; });
}

// advance moves the bar through turn number turn.
function advance(memory, turn) {
  progress.className = memory;
  progress.getAnimations().forEach((a) => a.cancel());
  progress.animate(
    [{ transform: `scaleX(${turn / turns / 2})` }, { transform: `scaleX(${(turn + 1) / turns / 2})` }], { duration: lasts, fill: "forwards" });
}

let running = null;

async function run() {
  running = new AbortController();
  button.textContent = "Stop";
  outcome.textContent = "They take turns, a second each …";
  const data = body(), memories = ["heap", "shared"];
  const figures = { heap: none(), shared: none() };
  memories.forEach((memory) => fill(memory));
  try {
    for (let turn = 0; turn < 2 * turns; turn++) {
      const memory = memories[turn % 2];
      advance(memory, turn);
      await load(memory, figures[memory], data, running.signal);
      fill(memory, summary(figures[memory]));
    }
    outcome.textContent = verdict(summary(figures.heap), summary(figures.shared));
  } catch (error) {
    outcome.textContent = running.signal.aborted ? "Stopped." : `Stopped: ${error.message}.`;
  }
  progress.getAnimations().forEach((a) => a.cancel());
  running = null;
  button.textContent = "Again";
}

function verdict(heap, shared) {
  const less = heap.garbage / Math.max(1, shared.garbage);
  const cycles = shared.cycles === 1 ? "1 GC cycle" : `${count(shared.cycles).join("")} GC cycles`;
  return `In scopes: 1/${less.toFixed(0)} of the garbage, ${cycles} instead of ${count(heap.cycles).join("")}, ` +
    `${(shared.digits / heap.digits).toFixed(2)}× the digits per second.`;
}

button.addEventListener("click", () => {
  if (running) running.abort();
  else run();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) running?.abort(); // nobody is looking
});
