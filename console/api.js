/* Asking the server. What it refuses becomes a Trouble with the server's own message and hint; a server that does not answer too. */

import { end, headers } from "./session.js";

const IDLE_MS = 40000; /* the stream says something every 15 s */
const AGAIN_MS = [250, 500, 1000, 2000, 4000, 8000];

export class Trouble extends Error {
	constructor(status, code, message, hint) {
		super(message);
		this.status = status;
		this.code = code;
		this.hint = hint;
	}
}

const KNOWN = {
	401: ["You are not signed in any more.", "Sign in again."],
	403: ["You may not do this.", "Your roles do not allow it. Whoever runs callfunnel can give you a token with another role."],
	404: ["There is no such thing here.", "It may have been removed, or belong to somebody else."],
	429: ["Too many requests.", "Wait a moment, then try again."],
	503: ["callfunnel cannot do this just now.", "Try again in a moment."],
};

async function refusal(answer) {
	let said = {};
	try {
		said = (await answer.json()).error ?? {};
	} catch { /* not from us: a proxy's page */ }
	const [message, hint] = KNOWN[answer.status] ?? [`callfunnel answered with status ${answer.status}.`, "If this stays, look at its log."];
	return new Trouble(answer.status, said.code ?? "", said.message || message, said.hint || (said.message ? "" : hint));
}

/* The Response of a request that went well. `signal` ends it early. */
export async function request(method, path, { body, text, signal, accept } = {}) {
	const sent = { method, headers: headers(), signal, cache: "no-store", redirect: "error" };
	if (accept) sent.headers.Accept = accept;
	if (body !== undefined || text !== undefined) {
		sent.headers["Content-Type"] = text === undefined ? "application/json" : "application/yaml";
		sent.body = text ?? JSON.stringify(body);
	} else if (method === "POST") {
		sent.body = "";
	}
	let answer;
	try {
		answer = await fetch(path, sent);
	} catch (error) {
		if (error.name === "AbortError") throw error;
		throw new Trouble(0, "unreachable", "callfunnel does not answer.", "Is callfunnel serve running? This page goes on as soon as it is back.");
	}
	if (answer.ok) return answer;
	const refused = await refusal(answer);
	if (answer.status === 401 && path !== "/v1/sign-in") end("You are not signed in any more.");
	throw refused;
}

export async function ask(method, path, options) {
	const answer = await request(method, path, options);
	return answer.status === 204 ? null : answer.json();
}

export async function askText(path, options) {
	return (await request("GET", path, options)).text();
}

/* The rule-books' titles by name, asked for once: what goes by a name is headed by its title. None when they cannot be had. */
let titlesAsked = null;

export function titles() {
	titlesAsked ??= ask("GET", "/v1/rulebooks").then(({ rulebooks }) => new Map(rulebooks.map((book) => [book.name, book.title])), () => {
		titlesAsked = null;
		return new Map();
	});
	return titlesAsked;
}

/* ---- a stream of lines ---- */

async function* linesOf(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "", done = false;
	try {
		while (!done) {
			const piece = await withDeadline(reader.read());
			done = piece.done;
			const lines = (rest + (piece.value ?? "")).split("\n");
			rest = lines.pop();
			const read = lines.filter(Boolean).map((line) => JSON.parse(line));
			if (read.length) yield read;
		}
	} finally {
		if (!done) reader.cancel().catch(() => {});
	}
}

function withDeadline(promise) {
	let timer;
	const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Trouble(0, "idle", "The stream is silent.", "")), IDLE_MS)));
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function sleep(ms, signal) {
	return new Promise((done) => {
		const timer = setTimeout(done, ms);
		signal.addEventListener("abort", () => {
			clearTimeout(timer);
			done();
		}, { once: true });
	});
}

/* Follows a call's events to its end, over broken connections: each goes on behind the line that came last. `take` gets lines as they come,
 * which is nearly their order: what a dead worker had not yet told comes behind its successor's. `state` gets "live", "away" (with the
 * Trouble), "over" with the call's end. Ends by `signal`, when the server has told all (behind the end: what the call came to, once its
 * tools are over), or with what the server refuses for good. */
export async function follow(call, { take, state, signal }) {
	let last = null, over = false;
	for (let tries = 0; !signal.aborted; ) {
		try {
			const query = last ? `?after=${last.epoch}.${last.sequence}.${last.part}` : "";
			const answer = await request("GET", `/v1/calls/${call}/events${query}`, { signal });
			state("live");
			for await (const lines of linesOf(answer.body)) {
				tries = 0;
				const events = lines.filter((line) => line.type !== "idle");
				if (!events.length) continue;
				last = events.findLast((line) => line.sequence) ?? last; /* without one: the server made it, and tells it again */
				take(events);
				if (!over && events.some((line) => line.type === "end")) state("over");
				over ||= events.some((line) => line.type === "end");
			}
			if (over) return;
			throw new Trouble(0, "cut", "The connection was cut.", "");
		} catch (error) {
			if (signal.aborted) return;
			if (error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
			if (!over) state("away", error);
			await sleep(AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)], signal);
		}
	}
}
