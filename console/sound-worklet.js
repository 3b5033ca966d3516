/* The softphone's two ends, on the audio thread. The line always speaks 16-bit samples at WIRE_HZ; the context may run at another rate
 * (a browser that does not let us choose, a device that changed), so both ends resample.
 *
 *   Ear    microphone ─► 20 ms frames, posted as {type: "frame", samples: ArrayBuffer, level}
 *   Mouth  {type: "sound", gen, samples} ─► loudspeaker; {type: "clear", gen} drops what waits, faded out in 5 ms
 *          posts {type: "played", gen, samples}, counted at WIRE_HZ, when a part of it was heard, and {type: "level", level}
 *
 * The mouth begins when PRIME_MS are there, or PRIME_WAIT_MS after the first of it, and does so again when it ran dry. It skips nothing: words
 * that come late are still said. What is played counts when it leaves the loudspeaker ({type: "delay", seconds}), not before. */

const WIRE_HZ = 16000;
const FRAME = WIRE_HZ / 50;
const PRIME_MS = 60, PRIME_WAIT_MS = 80, FADE_MS = 5;
const REPORT_MS = 100, LEVEL_MS = 50;
const RING_S = 60;
const ZEROS = 16; /* of the sinc on each side */

function divisor(a, b) {
	return b ? divisor(b, a % b) : a;
}

/* A polyphase filter: a sinc under a Blackman window, one row of taps for each place that an output can have between two inputs. */
class Resampler {
	constructor(from_hz, to_hz) {
		const common = divisor(from_hz, to_hz);
		this.up = to_hz / common;
		this.down = from_hz / common;
		const cutoff = 0.94 * Math.min(1, to_hz / from_hz);
		this.half = Math.ceil(ZEROS / cutoff);
		this.taps = 2 * this.half;
		this.kernel = new Float32Array(this.up * this.taps);
		for (let phase = 0; phase < this.up; phase++) this.fill(phase, cutoff);
		this.kept = new Float32Array(this.taps);
		this.place = this.half - 1;
		this.phase = 0;
	}

	fill(phase, cutoff) {
		let sum = 0;
		for (let k = 0; k < this.taps; k++) {
			const x = k - this.half + 1 - phase / this.up, w = x / this.half;
			const window = Math.abs(w) >= 1 ? 0 : 0.42 + 0.5 * Math.cos(Math.PI * w) + 0.08 * Math.cos(2 * Math.PI * w);
			const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
			sum += this.kernel[phase * this.taps + k] = sinc * window;
		}
		for (let k = 0; k < this.taps; k++) this.kernel[phase * this.taps + k] /= sum;
	}

	push(input) {
		if (this.up === this.down) return input;
		const all = new Float32Array(this.kept.length + input.length);
		all.set(this.kept);
		all.set(input, this.kept.length);
		const out = new Float32Array(Math.ceil(((all.length + 1) * this.up) / this.down));
		let n = 0;
		while (this.place + this.half < all.length) {
			const first = this.place - this.half + 1, row = this.phase * this.taps;
			let sum = 0;
			for (let k = 0; k < this.taps; k++) sum += all[first + k] * this.kernel[row + k];
			out[n++] = sum;
			this.phase += this.down;
			this.place += Math.floor(this.phase / this.up);
			this.phase %= this.up;
		}
		const used = Math.min(all.length, this.place - this.half + 1);
		this.kept = all.slice(used);
		this.place -= used;
		return out.subarray(0, n);
	}
}

/* Root mean square of what was seen, told every LEVEL_MS. */
class Level {
	constructor() {
		this.sum = this.count = 0;
	}

	push(samples) {
		for (const sample of samples) this.sum += sample * sample;
		this.count += samples.length;
		if (this.count < (sampleRate * LEVEL_MS) / 1000) return null;
		const level = Math.sqrt(this.sum / this.count);
		this.sum = this.count = 0;
		return level;
	}
}

class Ear extends AudioWorkletProcessor {
	constructor() {
		super();
		this.resampler = new Resampler(sampleRate, WIRE_HZ);
		this.frame = new Int16Array(FRAME);
		this.filled = 0;
		this.sum = 0;
		this.muted = false;
		this.silence = new Float32Array(128);
		this.port.onmessage = ({ data }) => {
			if (data.type === "mute") this.muted = data.muted;
		};
	}

	/* Without a microphone, or muted: silence, so that the other end knows that the line lives. */
	process([input]) {
		const sound = this.muted || !input.length ? this.silence : input[0];
		for (const sample of this.resampler.push(sound)) {
			const v = Math.max(-1, Math.min(1, sample));
			this.sum += v * v;
			this.frame[this.filled++] = v < 0 ? v * 32768 : v * 32767;
			if (this.filled === FRAME) this.send();
		}
		return true;
	}

	send() {
		const samples = this.frame.buffer;
		this.port.postMessage({ type: "frame", samples, level: Math.sqrt(this.sum / FRAME) }, [samples]);
		this.frame = new Int16Array(FRAME);
		this.filled = this.sum = 0;
	}
}

class Mouth extends AudioWorkletProcessor {
	constructor() {
		super();
		this.ring = new Float32Array(sampleRate * RING_S);
		this.level = new Level();
		this.lag = new Float64Array(512); /* what was consumed, block by block: the loudspeaker is some blocks behind */
		this.block = 0;
		this.delay_blocks = 0;
		this.begin(0);
		this.tail = new Float32Array(0);
		this.port.onmessage = ({ data }) => this.on(data);
	}

	begin(gen) {
		this.gen = gen;
		this.resampler = new Resampler(WIRE_HZ, sampleRate);
		this.read = this.write = 0; /* samples of this gen at the context's rate */
		this.pushed = 0; /* at WIRE_HZ */
		this.told = 0;
		this.primed = false;
		this.waited = this.since_report = 0;
		this.lag.fill(0);
	}

	on(data) {
		if (data.type === "sound" && data.gen === this.gen) this.push(new Int16Array(data.samples));
		else if (data.type === "clear") this.clear(data.gen);
		else if (data.type === "delay") this.delay_blocks = Math.min(this.lag.length - 1, Math.max(0, Math.round((data.seconds * sampleRate) / 128)));
	}

	push(samples) {
		const sound = this.resampler.push(Float32Array.from(samples, (sample) => sample / 32768));
		if (this.write - this.read + sound.length > this.ring.length) return; /* a minute waits: the sender is wrong */
		for (const sample of sound) this.ring[this.write++ % this.ring.length] = sample;
		this.pushed += samples.length;
	}

	clear(gen) {
		const n = this.primed ? Math.min(this.write - this.read, Math.round((sampleRate * FADE_MS) / 1000)) : 0;
		this.tail = Float32Array.from({ length: n }, (_, i) => this.ring[(this.read + i) % this.ring.length] * (1 - i / n));
		this.begin(gen);
	}

	process(_, [output]) {
		const out = output[0];
		const n = this.fade(out);
		this.play(out, n);
		for (let channel = 1; channel < output.length; channel++) output[channel].set(out);
		this.account();
		const level = this.level.push(out);
		if (level !== null) this.port.postMessage({ type: "level", level });
		return true;
	}

	fade(out) {
		const n = Math.min(this.tail.length, out.length);
		out.set(this.tail.subarray(0, n));
		this.tail = this.tail.subarray(n);
		return n;
	}

	play(out, from) {
		const there = this.write - this.read;
		if (!this.primed && there) {
			this.waited += out.length;
			this.primed = there >= (sampleRate * PRIME_MS) / 1000 || this.waited >= (sampleRate * PRIME_WAIT_MS) / 1000;
		}
		if (!this.primed) return;
		for (let i = from; i < out.length && this.read < this.write; i++) out[i] = this.ring[this.read++ % this.ring.length];
		if (this.read === this.write) {
			this.primed = false;
			this.waited = 0;
		}
	}

	/* What left the loudspeaker by now, told every REPORT_MS, and at once when it was the first or the last of what is there. */
	account() {
		const consumed = this.read === this.write ? this.pushed : Math.min(this.pushed, Math.floor((this.read * WIRE_HZ) / sampleRate));
		this.lag[this.block % this.lag.length] = consumed;
		const heard = this.lag[(this.block + this.lag.length - this.delay_blocks) % this.lag.length];
		this.block++;
		this.since_report += 128;
		if (heard <= this.told || (this.told && heard < this.pushed && this.since_report < (sampleRate * REPORT_MS) / 1000)) return;
		this.told = heard;
		this.since_report = 0;
		this.port.postMessage({ type: "played", gen: this.gen, samples: heard });
	}
}

registerProcessor("callfunnel-ear", Ear);
registerProcessor("callfunnel-mouth", Mouth);
