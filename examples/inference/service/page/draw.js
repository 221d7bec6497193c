// The pad: what the visitor draws, and what the network makes of it.

const pad = document.getElementById("pad");
const box = pad.parentElement;
const seen = document.getElementById("seen");
const spoken = document.getElementById("spoken");
const answer = document.querySelector(".answer");

const thick = 0.075; // width of the pen; the pad is 1 wide
const sent = 112; // width and height of what is sent, in pixels

let strokes = []; // lists of points, each [x, y] from 0 to 1
let pointer = null; // the one that draws
let version = 0; // of the strokes
let asked = 0; // the version that was sent last
let busy = false; // a request is on its way
let showing = 0; // the number of the drawing that draws itself

/* Drawing */

function paint(canvas, size, ink) {
  const c = canvas.getContext("2d", { willReadFrequently: canvas !== pad });
  c.clearRect(0, 0, size, size);
  c.strokeStyle = c.fillStyle = ink;
  c.lineWidth = thick * size;
  c.lineCap = c.lineJoin = "round";
  for (const points of strokes) {
    c.beginPath();
    if (points.length === 1) {
      c.arc(points[0][0] * size, points[0][1] * size, (thick / 2) * size, 0, 2 * Math.PI);
      c.fill();
      continue;
    }
    c.moveTo(points[0][0] * size, points[0][1] * size);
    for (let i = 1; i < points.length - 1; i++) { // curves through the middles: no corners where the hand had none
      const [x, y] = points[i], [u, v] = points[i + 1];
      c.quadraticCurveTo(x * size, y * size, ((x + u) / 2) * size, ((y + v) / 2) * size);
    }
    const [x, y] = points[points.length - 1];
    c.lineTo(x * size, y * size);
    c.stroke();
  }
  return c;
}

function repaint() {
  const size = Math.max(1, Math.round(pad.clientWidth * devicePixelRatio));
  if (pad.width !== size) pad.width = pad.height = size;
  paint(pad, size, getComputedStyle(pad).color);
  box.classList.toggle("inked", strokes.length > 0);
}

function changed() {
  version++;
  repaint();
  ask();
}

function place(event) {
  const r = pad.getBoundingClientRect();
  return [(event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height];
}

pad.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  if (showing) clear();
  pointer = event.pointerId;
  pad.setPointerCapture(pointer);
  strokes.push([place(event)]);
  changed();
});

pad.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  const points = strokes[strokes.length - 1];
  for (const e of all.length ? all : [event]) points.push(place(e));
  changed();
});

for (const end of ["pointerup", "pointercancel"]) {
  pad.addEventListener(end, (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    ask();
  });
}

function clear() {
  showing = 0;
  strokes = [];
  version++;
  repaint();
  forget();
}

document.getElementById("clear").addEventListener("click", clear);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") clear();
});
pad.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key >= "0" && event.key <= "9" && event.key.length === 1) show(Number(event.key));
  else if (event.key === "Delete" || event.key === "Backspace") clear();
  else return;
  event.preventDefault();
});

/* Digits that draw themselves */

// How people write, in a box about 70 wide and 100 high; a corner ends a stroke.
const glyphs = [
  [[38, 0, 14, 16, 2, 52, 12, 88, 34, 100, 56, 86, 68, 50, 58, 14, 38, 0]],
  [[20, 24, 32, 13, 40, 0], [40, 0, 38, 50, 36, 100]],
  [[8, 22, 20, 5, 40, 1, 56, 16, 52, 42, 32, 70, 4, 97], [4, 97, 34, 95, 68, 97]],
  [[8, 14, 26, 1, 50, 6, 54, 26, 42, 40, 24, 46], [24, 46, 50, 52, 60, 72, 46, 94, 22, 99, 2, 88]],
  [[12, 6, 5, 30, 6, 50, 26, 55, 70, 46], [62, 0, 55, 48, 48, 100]],
  [[68, 2, 40, 4, 16, 4], [16, 4, 12, 24, 9, 42], [9, 42, 32, 36, 54, 48, 56, 74, 38, 95, 16, 99, 0, 92]],
  [[42, 0, 21, 27, 7, 60, 12, 90, 34, 100, 54, 86, 54, 66, 36, 56, 18, 66, 10, 84]],
  [[0, 8, 32, 7, 64, 3], [64, 3, 48, 36, 35, 66, 27, 100]],
  [[60, 14, 38, 1, 14, 14, 22, 34, 42, 54, 52, 78, 34, 99, 10, 88, 14, 68, 36, 48, 58, 30, 60, 14]],
  [[54, 14, 36, 1, 14, 12, 5, 34, 20, 47, 42, 38, 57, 12], [57, 12, 52, 52, 46, 100]],
];

// curve returns points on a smooth curve through those of a glyph's stroke (Catmull-Rom).
function curve(flat) {
  const at = (i) => {
    const k = 2 * Math.max(0, Math.min(flat.length / 2 - 1, i));
    return [0.5 + (flat[k] - 35) / 155, 0.5 + (flat[k + 1] - 50) / 155];
  };
  const out = [at(0)];
  for (let i = 0; i < flat.length / 2 - 1; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    for (let t = 0.125; t <= 1; t += 0.125) {
      out.push([0, 1].map((k) => 0.5 * (2 * b[k] + (c[k] - a[k]) * t +
        (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t * t + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t * t * t)));
    }
  }
  return out;
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
let shown = 0;

function show(digit) {
  clear();
  const mine = (showing = ++shown);
  const whole = glyphs[digit].map(curve);
  const total = whole.reduce((n, points) => n + points.length, 0);
  const begin = performance.now(), lasts = still.matches ? 0 : 700;
  const frame = (now) => {
    if (showing !== mine) return; // something else is drawn now
    const share = lasts ? Math.min(1, Math.max(0, now - begin) / lasts) : 1;
    let left = Math.max(1, Math.round(total * share));
    strokes = [];
    for (const points of whole) {
      if (left > 0) strokes.push(points.slice(0, left));
      left -= points.length;
    }
    changed();
    if (share < 1) requestAnimationFrame(frame);
  };
  frame(begin);
}

document.getElementById("show").addEventListener("click", () => {
  const last = show.last ?? 6;
  show.last = (last + 1 + Math.floor(Math.random() * 9)) % 10; // not the same again
  show(show.last);
});

/* Asking */

const small = document.createElement("canvas");
small.width = small.height = sent;

// pixels returns the drawing as bytes, 0 paper to 255 ink.
function pixels() {
  const rgba = paint(small, sent, "#fff").getImageData(0, 0, sent, sent).data;
  const grey = new Uint8Array(sent * sent);
  for (let i = 0; i < grey.length; i++) grey[i] = rgba[4 * i + 3];
  return grey;
}

// ask sends the drawing, unless an answer is awaited: then when that is here. So there is
// one request at a time, and the last version is always asked about.
async function ask() {
  if (busy || !strokes.length || asked === version) return;
  busy = true;
  const mine = (asked = version);
  try {
    const response = await fetch(`/v1/predict?width=${sent}&height=${sent}`, {
      method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: pixels(),
    });
    const body = await response.json();
    if (strokes.length && (mine === version || pointer !== null || showing)) {
      if (response.ok) reveal(body, response.headers.get("Server-Timing"));
      else excuse(body.error);
    }
  } catch {
    excuse("The service does not answer.");
  }
  busy = false;
  ask();
}

/* The answer */

const rows = [];
for (let digit = 0; digit < 10; digit++) {
  const row = document.createElement("li");
  row.innerHTML = `<b>${digit}</b><span class="track"><span class="fill"></span></span><span class="share"></span>`;
  document.getElementById("bars").append(row);
  rows.push({ row, fill: row.querySelector(".fill"), share: row.querySelector(".share") });
}

function percent(p) {
  if (p >= 0.9995) return ">\u00a099.9\u00a0%";
  return p < 0.0005 ? "0\u00a0%" : `${(100 * p).toFixed(1)}\u00a0%`;
}

function setBars(probabilities, best) {
  rows.forEach(({ row, fill, share }, digit) => {
    const p = probabilities ? probabilities[digit] : 0;
    fill.style.setProperty("--p", p);
    share.textContent = probabilities ? percent(p) : "";
    row.classList.toggle("best", digit === best);
  });
}

let telling;

function reveal(body, timing) {
  const { digit, probability, probabilities } = body.predictions[0];
  document.getElementById("digit").textContent = digit;
  document.getElementById("sure").textContent = percent(probability);
  const took = /dur=([\d.]+)/.exec(timing ?? "");
  document.getElementById("took").textContent = took ? `sure, in ${Number(took[1]).toFixed(2)} ms` : "sure";
  answer.classList.toggle("unsure", probability < 0.6);
  answer.classList.remove("blank");
  setBars(probabilities, digit);
  paintSeen(Uint8Array.from(atob(body.seen), (c) => c.charCodeAt(0)));
  clearTimeout(telling); // screen readers hear what it is when the hand rests
  telling = setTimeout(() => { spoken.textContent = `This is a ${digit}, ${Math.round(100 * probability)} percent sure.`; }, 700);
}

function forget() {
  clearTimeout(telling);
  document.getElementById("digit").textContent = "–";
  document.getElementById("sure").textContent = "Your turn";
  document.getElementById("took").textContent = "It reads along.";
  answer.classList.remove("unsure");
  answer.classList.add("blank");
  spoken.textContent = "";
  setBars(null, -1);
  paintSeen(new Uint8Array(784));
}

function excuse(text) {
  document.getElementById("digit").textContent = "–";
  document.getElementById("sure").textContent = "No answer";
  document.getElementById("took").textContent = text;
  setBars(null, -1);
}

let last = new Uint8Array(784);

function paintSeen(grey) {
  last = grey;
  const c = seen.getContext("2d"), image = c.createImageData(28, 28);
  grey.forEach((v, i) => image.data.set([v, v, v, 255], 4 * i));
  c.putImageData(image, 0, 0);
}

// lastSeen returns the 784 pixels that the network saw last; all zero if there are none.
export function lastSeen() { return last; }

new ResizeObserver(repaint).observe(pad);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
document.getElementById("origin").textContent = location.origin;
forget();

// The page begins with a digit that draws itself, unless the visitor is faster.
setTimeout(() => {
  if (!strokes.length && !still.matches && !document.hidden) show(7);
}, 900);
