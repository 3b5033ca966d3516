/* A recording: both tracks as a picture one can click, and the sound. The picture comes at once, the sound when it is first wanted.
 *
 * Times in here are milliseconds of the recording. `moved(ms)` is told where the sound is; null when nobody listens yet. */

import { request } from "./api.js";
import { el, onceAFrame, say, trouble } from "./dom.js";
import { may } from "./session.js";
import { clock } from "./words.js";

const SKIP_MS = 5000;
const SPEEDS = [1, 1.25, 1.5, 2];
const SIDES = [["caller", "--caller"], ["agent", "--agent"]];

export class Player {
	constructor(call, { waveform, moved, marks }) {
		this.call = call;
		this.waveform = waveform; /* null: there is none */
		this.moved = moved;
		this.marks = marks ?? []; /* [{at_ms, label}] */
		this.length_ms = waveform ? (1000 * waveform.samples) / waveform.rate : 0;
		this.at_ms = 0;
		this.over = new AbortController();
		this.audio = el("audio", { preload: "auto" });
		this.build();
		this.listen();
	}

	build() {
		this.play = el("button", { type: "button", class: "primary round", "aria-label": "Play", onclick: () => this.toggle() }, "▶");
		this.time = el("span", { class: "number" });
		this.speed = el("select", { "aria-label": "Speed", onchange: () => (this.audio.playbackRate = Number(this.speed.value)) }, SPEEDS.map((n) => el("option", { value: n }, `${n}×`)));
		this.loading = el("span", { class: "muted", role: "status" });
		this.canvas = el("canvas", { class: "wave", tabindex: "0", role: "slider", "aria-label": "Place in the recording", "aria-valuemin": "0", "aria-valuemax": Math.round(this.length_ms / 1000) });
		this.node = el("section", { class: "card player", "aria-label": "Recording" },
			el("div", { class: "wave-box" }, el("span", { class: "track caller" }, "Caller"), el("span", { class: "track agent" }, "Agent"), this.canvas),
			el("div", { class: "controls" }, this.play,
				el("button", { type: "button", class: "quiet", "aria-label": "Back five seconds", onclick: () => this.seek(this.at_ms - SKIP_MS) }, "−5 s"),
				el("button", { type: "button", class: "quiet", "aria-label": "Forward five seconds", onclick: () => this.seek(this.at_ms + SKIP_MS) }, "+5 s"),
				this.time, this.loading, el("span", { class: "spring" }), this.speed), this.audio);
		this.draw = onceAFrame(() => this.paint());
		this.tell();
		if (!may("reveal")) this.close_ears();
	}

	/* The sound is what was truly said: the conductor gives it to nobody else. */
	close_ears() {
		for (const control of [this.play, this.speed]) control.disabled = true;
		say(this.loading, "Hearing it needs the role “reveal”, which your token does not have.");
	}

	listen() {
		const { signal } = this.over;
		this.sizes = new ResizeObserver(this.draw);
		this.sizes.observe(this.canvas);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.draw, { signal });
		this.canvas.addEventListener("pointerdown", (event) => this.grab(event), { signal });
		this.canvas.addEventListener("pointermove", (event) => (event.buttons & 1 ? this.point(event) : this.hover(event)), { signal });
		this.canvas.addEventListener("pointerleave", () => this.hover(null), { signal });
		this.canvas.addEventListener("keydown", (event) => this.slide(event), { signal });
		this.audio.addEventListener("play", () => this.tick(), { signal });
		for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.playing(), { signal });
		for (const name of ["seeked", "timeupdate"]) this.audio.addEventListener(name, () => this.follow(), { signal });
		this.audio.addEventListener("error", () => trouble("sound", { message: "This browser cannot play the recording.", hint: "Download it and use another player: it is plain FLAC." }), { signal });
	}

	close() {
		this.over.abort();
		this.sizes.disconnect();
		this.audio.pause();
		this.audio.removeAttribute("src");
		if (this.url) URL.revokeObjectURL(this.url);
	}

	/* ---- the sound ---- */

	load() {
		this.loaded ??= this.fetch().catch((error) => {
			this.loaded = null;
			say(this.loading, "");
			throw error;
		});
		return this.loaded;
	}

	async fetch() {
		const answer = await request("GET", `/v1/calls/${this.call}/recording`, { signal: this.over.signal });
		const total = Number(answer.headers.get("Content-Length"));
		const reader = answer.body.getReader();
		const pieces = [];
		for (let got = 0; ; ) {
			const { done, value } = await reader.read();
			if (done) break;
			pieces.push(value);
			got += value.length;
			say(this.loading, total ? `Loading ${Math.round((100 * got) / total)} %` : "Loading…");
		}
		this.blob = new Blob(pieces, { type: "audio/flac" });
		this.url = URL.createObjectURL(this.blob);
		this.audio.src = this.url;
		this.audio.playbackRate = Number(this.speed.value);
		await new Promise((done, fail) => {
			this.audio.addEventListener("loadedmetadata", done, { once: true });
			this.audio.addEventListener("error", () => fail(Object.assign(new Error(), { name: "AbortError" })), { once: true });
		});
		if (Number.isFinite(this.audio.duration)) this.length_ms = 1000 * this.audio.duration;
		if (this.at_ms) this.audio.currentTime = this.at_ms / 1000;
		say(this.loading, "");
	}

	async toggle() {
		try {
			await this.load();
			if (!this.audio.paused) this.audio.pause();
			else await this.audio.play();
		} catch (error) {
			trouble("sound", error);
		}
	}

	/* To a place, and on from there when `play`. */
	async seek(ms, play = false) {
		this.at_ms = Math.max(0, Math.min(ms, this.length_ms));
		this.tell();
		if ((!this.loaded && !play) || !may("reveal")) return;
		try {
			await this.load();
			this.audio.currentTime = this.at_ms / 1000;
			if (play) await this.audio.play();
		} catch (error) {
			trouble("sound", error);
		}
	}

	playing() {
		const plays = !this.audio.paused && !this.audio.ended;
		say(this.play, plays ? "❚❚" : "▶");
		this.play.setAttribute("aria-label", plays ? "Pause" : "Play");
	}

	tick() {
		if (this.audio.paused || this.over.signal.aborted) return;
		this.follow();
		requestAnimationFrame(() => this.tick());
	}

	follow() {
		this.at_ms = 1000 * this.audio.currentTime;
		this.tell();
	}

	tell() {
		say(this.time, `${clock(this.at_ms)} / ${clock(this.length_ms)}`);
		const second = String(Math.round(this.at_ms / 1000));
		if (this.canvas.getAttribute("aria-valuenow") !== second) {
			this.canvas.setAttribute("aria-valuenow", second);
			this.canvas.setAttribute("aria-valuetext", `${clock(this.at_ms)} of ${clock(this.length_ms)}`);
		}
		this.moved(this.at_ms);
		this.draw();
	}

	/* ---- the picture as something to touch ---- */

	msAt(event) {
		const box = this.canvas.getBoundingClientRect();
		return (this.length_ms * Math.max(0, Math.min(event.clientX - box.left, box.width))) / box.width;
	}

	grab(event) {
		this.canvas.setPointerCapture(event.pointerId);
		this.point(event);
	}

	point(event) {
		this.hover(event);
		this.seek(this.msAt(event));
	}

	hover(event) {
		this.hover_ms = event ? this.msAt(event) : null;
		this.canvas.title = event ? clock(this.hover_ms, true) : "";
		this.draw();
	}

	slide(event) {
		const by = { ArrowLeft: -SKIP_MS, ArrowDown: -SKIP_MS, ArrowRight: SKIP_MS, ArrowUp: SKIP_MS, PageDown: -30000, PageUp: 30000 }[event.key];
		if (by) this.seek(this.at_ms + by);
		else if (event.key === "Home") this.seek(0);
		else if (event.key === "End") this.seek(this.length_ms);
		else return;
		event.preventDefault();
		event.stopPropagation();
	}

	/* ---- painting ---- */

	paint() {
		const ratio = devicePixelRatio || 1;
		const width = Math.round(this.canvas.clientWidth * ratio), height = Math.round(this.canvas.clientHeight * ratio);
		if (!width || !height) return;
		if (this.canvas.width !== width) this.canvas.width = width;
		if (this.canvas.height !== height) this.canvas.height = height;
		const style = getComputedStyle(this.canvas), color = (name) => style.getPropertyValue(name).trim();
		const c = this.canvas.getContext("2d");
		const x = (ms) => (this.length_ms ? (width * ms) / this.length_ms : 0);
		c.clearRect(0, 0, width, height);
		SIDES.forEach(([side, name], i) => {
			const lane = { top: (i * height) / 2, height: height / 2, width, ratio };
			this.paintGaps(c, lane, side, color("--gap"), x);
			this.paintTrack(c, lane, this.waveform?.[side] ?? [], color(name), x(this.at_ms));
		});
		c.fillStyle = color("--line");
		c.fillRect(0, Math.round(height / 2), width, ratio);
		for (const mark of this.marks) this.paintMark(c, x(mark.at_ms), height, ratio, color("--warn"));
		if (Number.isFinite(this.hover_ms)) {
			c.fillStyle = color("--muted");
			c.fillRect(Math.round(x(this.hover_ms)), 0, ratio, height);
		}
		c.fillStyle = color("--text");
		c.fillRect(Math.round(x(this.at_ms)) - ratio, 0, 2 * ratio, height);
	}

	/* One bar every few pixels: the loudest point of its stretch. What was heard already is bright. */
	paintTrack(c, lane, points, color, done_x) {
		const step = 3 * lane.ratio, thick = 2 * lane.ratio, middle = lane.top + lane.height / 2;
		c.fillStyle = color;
		for (let x = 0; x < lane.width; x += step) {
			const from = Math.floor((points.length * x) / lane.width), to = Math.max(from + 1, Math.floor((points.length * (x + step)) / lane.width));
			let loudest = 0;
			for (let i = from; i < to && i < points.length; i++) loudest = Math.max(loudest, points[i]);
			const tall = Math.max(lane.ratio, (Math.sqrt(loudest / 255) * (lane.height - 6 * lane.ratio)));
			c.globalAlpha = x <= done_x ? 1 : 0.45;
			c.fillRect(x, middle - tall / 2, thick, tall);
		}
		c.globalAlpha = 1;
	}

	paintGaps(c, lane, side, color, x) {
		c.fillStyle = color;
		for (const gap of this.waveform?.gaps ?? []) {
			if (gap.track !== side) continue;
			const from = x((1000 * gap.from) / this.waveform.rate), to = x((1000 * gap.to) / this.waveform.rate);
			c.fillRect(from, lane.top, Math.max(2 * lane.ratio, to - from), lane.height);
		}
	}

	paintMark(c, x, height, ratio, color) {
		c.fillStyle = color;
		for (let y = 0; y < height; y += 6 * ratio) c.fillRect(Math.round(x), y, 2 * ratio, 3 * ratio);
	}
}
