/* The softphone: a call to the agent from this page, with what the call's events tell beside it. */

import { ask } from "./api.js";
import { Call } from "./call.js";
import { byId, el, say, show, trouble, unnotice } from "./dom.js";
import { Line } from "./line.js";
import { may } from "./session.js";
import { clock, language, plain } from "./words.js";

const KEYS = [["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"], ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""]];
const CHOICE = "callfunnel.phone";
const UNDER_WAY = "callfunnel.line"; /* this tab's call, so that a reload can come back to it */
const LEFT = "callfunnel.line.left"; /* when the page was left in the middle of it: not there in a tab that is a copy of another one */
const BACK_MS = 15000; /* so long the conductor waits for a call that nobody has: CALLS_REATTACH_MS */
const FLOOR_DB = -60;

const WORDS = {
	idle: "", asking: "Asking for the microphone…", connecting: "Connecting…", live: "Connected", away: "The worker went away; coming back…", over: "The call is over",
};

export class Phone {
	constructor() {
		this.over = new AbortController();
		this.line = null;
		this.choice = {};
		try {
			this.choice = JSON.parse(localStorage.getItem(CHOICE)) ?? {};
		} catch { /* not ours */ }
	}

	async mount(main) {
		if (!may("operator")) {
			main.replaceChildren(el("div", { class: "empty" }, el("h1", null, "Softphone"), el("p", null, "Calling needs the role “operator”, which your token does not have.")));
			return;
		}
		this.beside = el("div", { class: "beside" }, this.welcome());
		main.replaceChildren(el("div", { class: "head" }, el("h1", null, "Softphone")),
			el("div", { class: "phone" }, el("section", { class: "card handset", "aria-label": "Telephone" }, this.form(), this.handset()), this.beside));
		this.to("idle");
		window.addEventListener("beforeunload", (event) => this.stays() && event.preventDefault(), { signal: this.over.signal });
		window.addEventListener("pagehide", () => this.stays() && sessionStorage.setItem(LEFT, String(Date.now())), { signal: this.over.signal });
		await this.loadBooks();
		await this.findCall();
	}

	stays() {
		return Boolean(this.line) && this.line.state !== "over";
	}

	unmount() {
		this.line?.hangUp();
		this.over.abort();
		this.view?.unmount();
		clearInterval(this.seconds);
		clearInterval(this.waits);
		for (const key of ["phone", "device"]) unnotice(key);
	}

	/* ---- what is seen ---- */

	welcome() {
		return el("div", { class: "empty" }, el("h2", null, "Talk to the agent"),
			el("p", null, "Choose a rule-book and start. The agent calls you, as it would on the telephone; what it hears, thinks and says appears here."),
			el("p", { class: "muted" }, "With loudspeakers the browser takes the agent's own voice out of what you say; a headset is better."));
	}

	form() {
		this.book = el("select", { id: "book", onchange: () => this.chosen() });
		this.tongue = el("select", { id: "tongue" });
		this.device = el("select", { id: "device" }, el("option", { value: "" }, "The system's"));
		this.processing = el("input", { type: "checkbox", checked: this.choice.processing !== false });
		this.button = el("button", { type: "submit", class: "primary wide" }, "Start the call");
		this.back = el("button", { type: "button", class: "wide", hidden: true, onclick: () => this.start(sessionStorage.getItem(UNDER_WAY)) });
		const sound = el("details", { ontoggle: () => this.loadDevices() }, el("summary", null, "Sound"),
			el("label", { for: "device" }, "Microphone"), this.device, el("label", { class: "check" }, this.processing, "Take out echo and noise"));
		this.setup = el("form", { class: "setup", onsubmit: (event) => {
			event.preventDefault();
			this.start();
		} },
			el("label", { for: "book" }, "Rule-book"), this.book, el("label", { for: "tongue" }, "Language"), this.tongue, sound, this.back, this.button);
		return this.setup;
	}

	handset() {
		this.status = el("p", { class: "status", role: "status" });
		this.timer = el("span", { class: "number" });
		this.meters = { agent: meter("Agent"), caller: meter("You") };
		this.muteButton = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.mute() }, "Mute");
		this.hangButton = el("button", { type: "button", class: "danger", onclick: () => this.line?.hangUp() }, "Hang up");
		this.wakeButton = el("button", { type: "button", class: "primary", hidden: true, onclick: () => this.line?.wake() }, "Let the sound through");
		this.pressed = el("output", { class: "pressed", "aria-label": "Keys pressed" });
		const keypad = el("div", { class: "keypad", role: "group", "aria-label": "Keypad" }, KEYS.map(([key, letters]) =>
			el("button", { type: "button", "aria-label": key === "*" ? "star" : key === "#" ? "hash" : key, onclick: () => this.press(key) }, key, el("small", { "aria-hidden": "true" }, letters))));
		this.talking = el("div", { class: "talking", hidden: true }, el("div", { class: "meters" }, this.meters.agent.node, this.meters.caller.node),
			this.wakeButton, el("div", { class: "buttons" }, this.muteButton, this.hangButton), el("details", { open: true }, el("summary", null, "Keypad"), this.pressed, keypad));
		return el("div", null, el("div", { class: "line-state" }, this.status, this.timer), this.talking);
	}

	async loadBooks() {
		try {
			const { rulebooks } = await ask("GET", "/v1/rulebooks", { signal: this.over.signal });
			this.books = rulebooks.filter((book) => book.fine);
			this.book.replaceChildren(...this.books.map((book) => el("option", { value: book.name }, book.title || plain(book.name))));
			if (this.books.some((book) => book.name === this.choice.book)) this.book.value = this.choice.book;
			this.chosen();
		} catch (error) {
			trouble("phone", error);
		}
		this.to(this.line?.state ?? "idle");
	}

	chosen() {
		const tags = this.books.find((book) => book.name === this.book.value)?.languages ?? [];
		this.tongue.replaceChildren(...tags.map((tag) => el("option", { value: tag }, language(tag))));
		if (tags.includes(this.choice.language)) this.tongue.value = this.choice.language;
	}

	async loadDevices() {
		const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
		const named = devices.filter((device) => device.kind === "audioinput" && device.deviceId && device.deviceId !== "default" && device.label);
		const before = this.device.value;
		this.device.replaceChildren(el("option", { value: "" }, "The system's"), ...named.map((device) => el("option", { value: device.deviceId }, device.label)));
		this.device.value = named.some((device) => device.deviceId === before) ? before : "";
	}

	/* ---- the call ---- */

	/* The page was loaded anew in the middle of a call, which waits for a moment: it is shown as it was, and gone back to, by itself where no click is
	 * needed for the microphone. */
	async findCall() {
		const id = sessionStorage.getItem(UNDER_WAY), left_ms = Number(sessionStorage.getItem(LEFT));
		if (!id) return;
		this.until_ms = (left_ms || Date.now()) + BACK_MS;
		let call;
		try {
			call = await ask("GET", "/v1/calls/" + id, { signal: this.over.signal });
		} catch (error) {
			return error.status === 404 ? this.forget() : this.offer(); /* with nothing to come back to, or it is not known */
		}
		if (this.stays()) return;
		this.watch(id);
		this.began_ms = call.began_ms;
		const goes = left_ms && Date.now() < this.until_ms && (await hears());
		if (call.state === "ended") this.to("over");
		else if (goes && !this.over.signal.aborted) this.start(id);
		else this.offer();
	}

	/* One button to come back by, as long as there is time. */
	offer() {
		const tell = () => {
			const left_s = Math.ceil((this.until_ms - Date.now()) / 1000);
			if (left_s > 0) say(this.back, `Come back to your call (${left_s} s)`);
			else this.late();
		};
		if (this.over.signal.aborted || this.stays()) return;
		say(this.status, "");
		this.offering(true);
		this.waits = setInterval(tell, 250);
		tell();
	}

	offering(is) {
		clearInterval(this.waits);
		show(this.back, is);
		this.back.classList.toggle("primary", is);
		this.button.classList.toggle("primary", !is);
	}

	/* Nobody came back in time. The call ends a moment later, unless another tab has it. */
	async late() {
		const { view } = this;
		this.offering(false);
		this.forget();
		if ((await view?.expectEnd()) && this.view === view && !this.stays()) this.to("over");
	}

	forget() {
		for (const key of [UNDER_WAY, LEFT]) sessionStorage.removeItem(key);
	}

	/* `again`: the id of a call to come back to. */
	start(again) {
		if (this.stays()) return;
		this.again = again;
		this.offering(false);
		for (const key of ["phone", "device"]) unnotice(key);
		if (!again) this.clear();
		this.line = new Line({
			state: (word, error) => this.to(word, error),
			call: (id) => this.watch(id),
			level: (side, level) => this.meters[side].set(level),
			paused: (is) => show(this.wakeButton, is),
			trouble: (error) => (error ? trouble("device", error) : unnotice("device")),
		});
		this.mute(false);
		this.line.start({ rulebook: this.book.value, language: this.tongue.value, device: this.device.value, processing: this.processing.checked, again });
	}

	/* For a new call: what was chosen is kept, and what was seen of the one before goes. */
	clear() {
		this.choice = { book: this.book.value, language: this.tongue.value, processing: this.processing.checked };
		localStorage.setItem(CHOICE, JSON.stringify(this.choice));
		this.view?.unmount();
		this.view = null;
		this.began_ms = 0;
		this.beside.replaceChildren(this.welcome());
		say(this.pressed, "");
	}

	watch(id) {
		sessionStorage.setItem(UNDER_WAY, id);
		if (this.view?.id === id) return;
		this.view?.unmount();
		this.view = new Call(id, { inside: true });
		const inside = el("div");
		this.beside.replaceChildren(inside, el("p", { class: "center" }, el("a", { href: "#/calls/" + id }, "Open this call")));
		this.view.mount(inside);
	}

	to(word, error) {
		const active = word !== "idle" && word !== "over";
		say(this.status, WORDS[word]);
		this.status.className = "status " + word;
		show(this.setup, !active);
		show(this.talking, active);
		this.button.disabled = !this.books?.length;
		this.muteButton.disabled = !active;
		if (word === "live") this.again = null;
		if (word === "live") sessionStorage.removeItem(LEFT);
		if (word === "live" && !this.seconds) this.count();
		if (!active) this.stop();
		if (word === "over") this.left(error);
		show(byId("busy"), active);
		if (error) trouble("phone", error);
		if (word === "over") for (const one of Object.values(this.meters)) one.set(0);
	}

	/* The way back may have failed for this page alone, as without a microphone: then it is there as long as the call is. */
	left(error) {
		if (this.again && error && !(error.status >= 400 && error.status < 500)) this.offer();
		else this.forget();
	}

	count() {
		const began_ms = this.began_ms || Date.now();
		const tell = () => say(this.timer, clock(Date.now() - began_ms));
		tell();
		this.seconds = setInterval(tell, 1000);
	}

	stop() {
		clearInterval(this.seconds);
		this.seconds = 0;
	}

	mute(muted = !this.line?.muted) {
		this.line?.mute(muted);
		this.muteButton.setAttribute("aria-pressed", String(muted));
		say(this.muteButton, muted ? "Unmute" : "Mute");
	}

	press(key) {
		if (this.line?.state !== "live") return;
		this.line.digit(key);
		say(this.pressed, (this.pressed.textContent + key).slice(-24));
	}

	key(event) {
		const active = this.stays();
		if (!active && event.key === "s" && this.button && !this.button.disabled) this.start();
		else if (active && event.key === "m") this.mute();
		else if (active && event.key === "h") this.line.hangUp();
		else if (active && /^[0-9*#]$/.test(event.key)) this.press(event.key);
		else return this.view?.key(event) ?? false;
		return true;
	}
}

/* Whether the microphone may be opened without asking. A browser that does not tell wants a click. */
async function hears() {
	try {
		return (await navigator.permissions.query({ name: "microphone" })).state === "granted";
	} catch {
		return false;
	}
}

/* A level meter in decibels; silence is not drawn again and again. */
function meter(name) {
	const bar = el("i");
	let shown = -1;
	const set = (level) => {
		const share = level > 0 ? Math.max(0, 1 - (20 * Math.log10(level)) / FLOOR_DB) : 0;
		const next = Math.round(100 * Math.min(1, share));
		if (next === shown) return;
		shown = next;
		bar.style.transform = `scaleX(${next / 100})`;
		node.setAttribute("aria-valuenow", String(next));
	};
	const node = el("div", { class: "meter " + (name === "You" ? "caller" : "agent"), role: "meter", "aria-label": name + ", level", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" },
		el("span", null, name), el("span", { class: "meter-room" }, bar));
	return { node, set };
}
