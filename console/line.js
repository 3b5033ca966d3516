/* The softphone's line: microphone and loudspeaker on one side, the media socket on the other (docs/voice.md, "The browser's protocol").
 *
 *   start ─► asking (for the microphone) ─► connecting ─► live ─► over
 *                                              ▲            │ the socket was cut: another worker takes the call
 *                                              └── away ◄───┘
 *
 * The sound devices and the socket live apart: a device may come and go (silence is sent meanwhile), the context may be made anew, the
 * socket may be another one; the call goes on. Sound before `ready` is not sent. */

import { ask, Trouble } from "./api.js";

const WIRE_HZ = 16000, FRAME_MS = 20, HEAD_BYTES = 8, AUDIO = 1;
const UPLINK_MAX_BYTES = 64 * 1024; /* more waits: the uplink is too slow, frames are dropped */
const CONNECT_MS = 10000;
const BACK_MS = [250, 500, 1000, 2000, 3000, 4000, 5000];

const TROUBLES = {
	NotAllowedError: ["The microphone was not allowed.", "Allow it in the address bar's site settings, then start again."],
	NotFoundError: ["There is no microphone.", "Plug one in, then start again."],
	NotReadableError: ["The microphone is in use.", "Close the other program that has it, then start again."],
	OverconstrainedError: ["The chosen microphone is gone.", "Choose another one under “Sound”."],
};

export class Line {
	/* handlers: state(word, error), call(id), level(who, 0..1), paused(is), trouble(error or null) */
	constructor(handlers) {
		this.handlers = handlers;
		this.state = "idle";
		this.muted = false;
		this.gen = 0;
		this.over = new AbortController();
	}

	to(state, detail) {
		this.state = state;
		this.handlers.state(state, detail);
	}

	/* `again`: the id of a call that this page had before it was loaded anew. */
	async start({ rulebook, language, device, processing, again }) {
		this.wanted = { device, processing };
		try {
			this.to("asking");
			await this.openSound();
			this.to("connecting");
			if (again) this.known(again);
			await this.connect(again ? undefined : { rulebook, language });
		} catch (error) {
			this.finish(again && error.status === 409 ? null : error); /* it ended meanwhile */
		}
	}

	/* ---- sound ---- */

	async openSound() {
		if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode)
			throw new Trouble(0, "insecure", "This address may not use the microphone.", "Browsers allow it on https, and on http://127.0.0.1 or http://localhost only.");
		this.stream = await this.openMicrophone();
		await this.openContext();
		navigator.mediaDevices.addEventListener("devicechange", () => this.devicesChanged(), { signal: this.over.signal });
		document.addEventListener("visibilitychange", () => document.hidden || this.wake(), { signal: this.over.signal });
	}

	async openMicrophone() {
		const { device, processing } = this.wanted;
		const audio = { channelCount: 1, echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing };
		if (device) audio.deviceId = { exact: device };
		try {
			const stream = await navigator.mediaDevices.getUserMedia({ audio });
			stream.getAudioTracks()[0].addEventListener("ended", () => this.devicesChanged(), { once: true });
			return stream;
		} catch (error) {
			const [message, hint] = TROUBLES[error.name] ?? ["The microphone cannot be used.", String(error.message)];
			throw new Trouble(0, error.name, message, hint);
		}
	}

	/* At the line's rate where the browser resamples; Firefox refuses a microphone of another rate: then at its own, and the worklet does it. */
	async openContext() {
		for (const options of [{ sampleRate: WIRE_HZ, latencyHint: "interactive" }, { latencyHint: "interactive" }]) {
			const context = new AudioContext(options);
			try {
				await this.wire(context);
				return;
			} catch (error) {
				context.close();
				if (!options.sampleRate) throw error;
			}
		}
	}

	async wire(context) {
		await context.audioWorklet.addModule("/console/sound-worklet.js");
		const ear = new AudioWorkletNode(context, "callfunnel-ear", { numberOfInputs: 1, numberOfOutputs: 0 });
		const mouth = new AudioWorkletNode(context, "callfunnel-mouth", { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] });
		const source = context.createMediaStreamSource(this.stream);
		source.connect(ear);
		mouth.connect(context.destination);
		Object.assign(this, { context, ear, mouth, source });
		ear.port.onmessage = ({ data }) => this.heard(data);
		mouth.port.onmessage = ({ data }) => this.said(data);
		mouth.port.postMessage({ type: "clear", gen: this.gen });
		ear.port.postMessage({ type: "mute", muted: this.muted });
		context.onstatechange = () => this.contextChanged(context);
		context.onerror = () => this.rebuild();
		await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
		this.contextChanged(context);
	}

	contextChanged(context) {
		if (context !== this.context || this.state === "over") return;
		if (context.state === "closed") this.rebuild();
		else this.handlers.paused(context.state !== "running");
	}

	/* By a click: the browser wants one before it plays. */
	wake() {
		this.context?.resume().catch(() => {});
	}

	async rebuild() {
		if (this.state === "over" || this.rebuilding) return;
		this.rebuilding = true;
		try {
			this.context.onstatechange = null;
			await this.context.close().catch(() => {});
			await this.openContext();
		} catch (error) {
			this.finish(error);
		}
		this.rebuilding = false;
	}

	/* A headset was plugged in or out. The context goes on by itself; the microphone is opened anew when it has ended. */
	async devicesChanged() {
		if (this.state === "over" || this.stream.getAudioTracks()[0].readyState === "live") return;
		try {
			const stream = await this.openMicrophone();
			this.source.disconnect();
			this.stream = stream;
			this.source = this.context.createMediaStreamSource(stream);
			this.source.connect(this.ear);
			this.handlers.trouble(null);
		} catch (error) {
			if (error.code === "OverconstrainedError" && this.wanted.device) {
				this.wanted.device = "";
				return this.devicesChanged();
			}
			this.handlers.trouble(error);
		}
	}

	/* ---- the call and its socket ---- */

	/* A new call, or (without a body) another way to this one. */
	async connect(body) {
		const path = body ? "/v1/calls/browser" : `/v1/calls/${this.id}/browser`;
		const answer = await ask("POST", path, { body, signal: this.over.signal });
		this.known(answer.call);
		await this.openSocket(answer);
	}

	known(id) {
		if (this.id === id) return;
		this.id = id;
		this.handlers.call(id);
	}

	openSocket({ url, token }) {
		const socket = new WebSocket(`${url}?session=${encodeURIComponent(token)}`);
		socket.binaryType = "arraybuffer";
		this.socket = socket;
		this.ready = false;
		const late = setTimeout(() => socket.close(), CONNECT_MS);
		const sound = { codec: "pcm_s16le", rate: WIRE_HZ };
		socket.onopen = () => this.send({ type: "hello", v: 1, audio_in: { ...sound, channels: 1, frame_ms: FRAME_MS }, audio_out: sound });
		socket.onmessage = ({ data }) => socket === this.socket && (typeof data === "string" ? this.told(JSON.parse(data)) : this.sound(data));
		return new Promise((done, fail) => {
			this.opened = done;
			socket.onclose = (event) => {
				clearTimeout(late);
				if (socket !== this.socket) return;
				const was_ready = this.ready;
				this.ready = false;
				if (was_ready) this.closed(event);
				else fail(refused(event));
			};
		}).finally(() => clearTimeout(late));
	}

	send(message) {
		if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
	}

	told(message) {
		if (message.type === "ready") {
			this.setGen(message.gen ?? 0);
			this.seq = 0;
			this.ready = true;
			this.delay();
			this.to("live");
			this.opened();
		} else if (message.type === "clear") {
			this.setGen(message.gen);
		} else if (message.type === "end") {
			this.finish();
		}
	}

	setGen(gen) {
		this.gen = gen;
		this.mouth.port.postMessage({ type: "clear", gen });
	}

	/* From the server: u8 type, u8 flags, u16 gen, u32 seq, then samples. */
	sound(data) {
		const head = new DataView(data);
		if (data.byteLength <= HEAD_BYTES || head.getUint8(0) !== AUDIO || head.getUint16(2, true) !== this.gen) return;
		const samples = data.slice(HEAD_BYTES);
		this.mouth.port.postMessage({ type: "sound", gen: this.gen, samples }, [samples]);
	}

	/* To the server. A frame that is dropped leaves a step in seq: a gap that is marked. */
	heard({ samples, level }) {
		this.handlers.level("caller", level);
		if (!this.ready) return;
		const seq = this.seq++;
		if (this.socket.bufferedAmount > UPLINK_MAX_BYTES) return;
		const frame = new Uint8Array(HEAD_BYTES + samples.byteLength);
		const head = new DataView(frame.buffer);
		head.setUint8(0, AUDIO);
		head.setUint16(2, this.gen, true);
		head.setUint32(4, seq, true);
		frame.set(new Uint8Array(samples), HEAD_BYTES);
		this.socket.send(frame);
	}

	said(data) {
		if (data.type === "level") return this.handlers.level("agent", data.level);
		if (data.gen === this.gen && this.ready) this.send({ type: "played", gen: data.gen, samples: data.samples });
	}

	/* The loudspeaker is behind the context; what it did not play yet was not heard. */
	delay() {
		const seconds = this.context.outputLatency ?? this.context.baseLatency ?? 0;
		if (Number.isFinite(seconds)) this.mouth.port.postMessage({ type: "delay", seconds: Math.min(seconds, 0.5) });
	}

	/* 1000: the call is over. Anything else: its worker went; the call may go on with another one. */
	async closed({ code }) {
		if (this.state === "over") return;
		if (code === 1000) return this.finish();
		this.to("away");
		this.setGen(this.gen);
		for (const wait_ms of BACK_MS) {
			try {
				await this.connect();
				return;
			} catch (error) {
				if (this.state === "over") return;
				if (error.status >= 400 && error.status < 500) return this.finish(error.status === 409 ? null : error);
			}
			await new Promise((done) => setTimeout(done, wait_ms));
			if (this.state === "over") return;
		}
		this.finish(new Trouble(0, "lost", "The line was lost.", "callfunnel could not be reached again. Start a new call when it is back."));
	}

	/* ---- what a person does ---- */

	mute(muted) {
		this.muted = muted;
		this.ear?.port.postMessage({ type: "mute", muted });
	}

	digit(digit) {
		if (this.ready) this.send({ type: "dtmf", digit });
	}

	hangUp() {
		this.send({ type: "bye" });
		this.finish();
	}

	finish(error) {
		if (this.state === "over") return;
		this.ready = false;
		this.over.abort();
		this.socket?.close(1000);
		this.socket = null;
		for (const track of this.stream?.getTracks() ?? []) track.stop();
		this.closeSound();
		this.to("over", error?.name === "AbortError" ? null : error);
	}

	/* The agent's last words are still played. */
	closeSound() {
		const { context } = this;
		if (!context) return;
		context.onstatechange = context.onerror = null;
		setTimeout(() => context.close().catch(() => {}), 500);
	}
}

function refused({ code }) {
	if (code === 1008) return new Trouble(0, "refused", "The voice worker did not take this call.", "Start again; if it stays, look at callfunnel's log.");
	if (code === 1000) return new Trouble(409, "ended", "The call has ended.", "");
	return new Trouble(0, "socket", "The voice worker cannot be reached.", "Its port may be closed to this browser: voice.listen and voice.public_url say where it is.");
}
