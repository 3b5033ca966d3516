/* Who is signed in. The token lives in this tab's sessionStorage and nowhere else; a second tab of the same browser asks the first
 * one for it. It is renewed when two thirds of its life are over, and given up when the server does not take it. */

const KEY = "callfunnel.session";
const ASK_OTHERS_MS = 150;
const RETRY_S = 30;

const INCLUDES = {
	viewer: ["viewer"], operator: ["operator", "viewer"], approver: ["approver", "viewer"], author: ["author", "viewer"], reveal: ["reveal", "viewer"],
	admin: ["admin", "operator", "approver", "author", "viewer"],
};

let session = read();
let timer = 0;
let changed = () => {};
const others = "BroadcastChannel" in window ? new BroadcastChannel("callfunnel.session") : null;

function read() {
	try {
		const kept = JSON.parse(sessionStorage.getItem(KEY));
		return kept && kept.until_ms > Date.now() ? kept : null;
	} catch {
		return null;
	}
}

function keep(next) {
	session = next;
	if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
	else sessionStorage.removeItem(KEY);
	plan();
}

/* ---- renewal ---- */

function plan() {
	clearTimeout(timer);
	if (!session) return;
	const wait_ms = Math.max(1000, session.until_ms - Date.now() - session.life_ms / 3);
	timer = setTimeout(renew, Math.min(wait_ms, 2 ** 31 - 1));
}

async function renew() {
	try {
		const answer = await fetch("/v1/token/renew", { method: "POST", headers: headers(), cache: "no-store" });
		if (answer.ok) return keep(made(await answer.json()));
		if (answer.status === 401 || answer.status === 403) return end("Your session is over.");
	} catch { /* the server is away: the token may still be good when it is back */ }
	if (!session) return;
	if (session.until_ms <= Date.now()) end("Your session is over.");
	else timer = setTimeout(renew, RETRY_S * 1000);
}

function made(answer) {
	const life_ms = answer.expires_s * 1000;
	return { token: answer.token, name: answer.name, tenant: answer.tenant, roles: answer.roles ?? [], life_ms, until_ms: Date.now() + life_ms };
}

/* ---- what others see ---- */

export function who() {
	return session;
}

export function headers() {
	return session ? { Authorization: "Bearer " + session.token } : {};
}

export function may(role) {
	return (session?.roles ?? []).some((name) => INCLUDES[name]?.includes(role));
}

export function onChange(handler) {
	changed = handler;
	plan();
}

/* Ends it here; `why` is told on the sign-in page. */
export function end(why) {
	if (!session) return;
	keep(null);
	changed(why);
}

/* True when this tab has a session, or got it from another one. */
export async function found() {
	if (session || !others) return Boolean(session);
	others.postMessage({ ask: true });
	await new Promise((done) => {
		setTimeout(done, ASK_OTHERS_MS);
		others.addEventListener("message", (event) => event.data?.session && done(), { once: true });
	});
	return Boolean(session);
}

others?.addEventListener("message", (event) => {
	if (event.data?.ask && session) others.postMessage({ session });
	else if (event.data?.session && !session && event.data.session.until_ms > Date.now()) keep(event.data.session);
});

/* By the secret part of a sign-in link. */
export async function signIn(link) {
	const { ask } = await import("./api.js");
	keep(made(await ask("POST", "/v1/sign-in", { body: { link } })));
	changed();
}

/* By a token that `callfunnel token` made; the server judges it, this reads only what to show. */
export function useToken(token) {
	const payload = JSON.parse(new TextDecoder().decode(bytesOf(token.split(".")[1])));
	const roles = [...(payload.realm_access?.roles ?? [])];
	for (const client of Object.values(payload.resource_access ?? {})) roles.push(...(client.roles ?? []));
	const until_ms = payload.exp * 1000;
	keep({ token, name: payload.preferred_username ?? payload.sub, tenant: payload.tenant, roles, life_ms: until_ms - Date.now(), until_ms });
	changed();
}

function bytesOf(base64url) {
	return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}
