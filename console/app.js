/* The page: who is signed in, which view is seen, the keys. Views come when they are first wanted. A view has mount(main), unmount(), and
 * may have key(event), which says whether it took the key, and stays(), whether it goes on while others are seen. */

import { byId, el, hush, notice, say, show, trouble, unnotice } from "./dom.js";
import { may, end, found, onChange, signIn, useToken, who } from "./session.js";

const SHORTCUTS = "callfunnel.shortcuts";
const main = byId("main");
let view = null;
let parked = null; /* a view that goes on unseen: the softphone in a call */

const ROUTES = [
	[/^#\/calls$/, "#/calls", "Calls", async () => new (await import("./calls.js")).Calls()],
	[/^#\/calls\/([0-9a-f]{32})$/, "#/calls", "Call", async (id) => new (await import("./call.js")).Call(id)],
	[/^#\/phone$/, "#/phone", "Softphone", async () => new (await import("./phone.js")).Phone()],
	[/^#\/books(?:\/([A-Za-z0-9_-]{1,40}))?$/, "#/books", "Rule-books", async (name) => new (await import("./books.js")).Books(name)],
];

/* ---- views ---- */

let visits = 0;

async function open() {
	const visit = ++visits;
	leave();
	if (!who()) return signInView();
	const hash = location.hash || "#/calls";
	const [pattern, section, title, make] = ROUTES.find(([wanted]) => wanted.test(hash)) ?? [];
	for (const link of byId("nav").querySelectorAll("a"))
		link.getAttribute("href") === section ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
	document.title = `${title ?? "Not found"} – callfunnel`;
	if (!make) return main.replaceChildren(el("div", { class: "empty" }, el("h1", null, "There is no such page"), el("a", { class: "button", href: "#/calls" }, "Calls")));
	if (parked?.hash === hash) return unpark();
	try {
		const next = await make(hash.match(pattern)[1]);
		if (visit !== visits) return;
		view = next;
		await view.mount(main);
	} catch (error) {
		if (visit === visits) trouble("view", error);
	}
}

function leave() {
	if (view?.stays?.()) parked = { view, hash: "#/phone", nodes: [...main.childNodes] };
	else view?.unmount();
	view = null;
	unnotice("view");
}

function unpark() {
	view = parked.view;
	main.replaceChildren(...parked.nodes);
	parked = null;
}

/* Nothing goes on for somebody who is not signed in, and nothing of a call stays in the page. */
function leaveAll() {
	view?.unmount();
	parked?.view.unmount();
	view = parked = null;
	hush();
	unnotice("view");
}

function head() {
	const session = who();
	show(byId("nav"), Boolean(session));
	show(byId("sign-out"), Boolean(session));
	say(byId("who"), session ? `${session.name} · ${session.tenant}` : "");
	byId("who").title = session ? `Roles: ${session.roles.join(", ")}${may("reveal") ? "" : ". Personal data is masked."}` : "";
}

/* ---- signing in ---- */

function signInView(why) {
	const field = el("input", { type: "text", id: "link", autocomplete: "off", spellcheck: "false", placeholder: "http://…/sign-in#…", required: true });
	const form = el("form", { class: "card narrow", onsubmit: (event) => {
		event.preventDefault();
		enter(field.value.trim());
	} },
		el("h1", null, "Sign in"), why ? el("p", null, el("strong", null, why)) : null,
		el("p", null, "Open the link that ", el("code", null, "callfunnel serve"), " printed, or paste it here. It works once; ", el("code", null, "callfunnel sign-in"), " prints another."),
		el("label", { for: "link" }, "Sign-in link"), field,
		el("p", { class: "muted small" }, "A token made by ", el("code", null, "callfunnel token --tenant NAME --role operator"), " will do as well."),
		el("button", { type: "submit", class: "primary" }, "Sign in"));
	main.replaceChildren(form);
	document.title = "Sign in – callfunnel";
	field.focus();
}

/* A whole link, its secret part, or a token (it has two dots). */
async function enter(text) {
	unnotice("sign-in");
	try {
		if (text.split(".").length === 3 && !text.includes("#")) useToken(text);
		else await signIn(text.slice(text.indexOf("#") + 1));
	} catch (error) {
		const bad = error.status === 401 || error.status === 403 || error.status === 400;
		if (bad || !error.message) notice("sign-in", "This link is not good any more.", { hint: "It was used, is too old, or callfunnel was started again since. The command callfunnel sign-in prints another." });
		else trouble("sign-in", error.status === undefined ? { message: "That is neither a link nor a token.", hint: "Copy the whole line that callfunnel printed." } : error);
		signInView();
	}
}

/* The secret part leaves the address, and so the history, before it is used. */
async function begin() {
	const link = location.pathname === "/sign-in" && !location.hash.startsWith("#/") ? location.hash.slice(1) : "";
	if (location.pathname !== "/") history.replaceState(null, "", "/" + (link ? "#/calls" : location.hash));
	onChange((why) => {
		head();
		if (who()) {
			unnotice("sign-in");
			return open();
		}
		leaveAll();
		signInView(why);
	});
	window.addEventListener("hashchange", open);
	if (link) await enter(link);
	else if (await found()) open();
	else signInView();
	head();
}

/* ---- keys ---- */

const KEYS = [
	["Everywhere", [["?", "These shortcuts"], ["c", "Calls"], ["p", "Softphone"], ["b", "Rule-books"], ["Esc", "Close, or leave a field"]]],
	["Calls", [["j  k", "Next, previous"], ["Enter", "Open"], ["/", "Filter"]]],
	["A call", [["Space", "Play, pause"], ["←  →", "Five seconds back, forward"], ["j  k", "Next, previous line"], ["d", "Decisions on, off"], ["e", "End the call"]]],
	["Softphone", [["s", "Start"], ["m", "Mute"], ["h", "Hang up"], ["0–9 * #", "Keypad"]]],
	["Rule-books", [["j  k", "Next, previous"], ["Ctrl Enter", "Check"]]],
];

function help() {
	const dialog = byId("help");
	const wanted = el("input", { type: "checkbox", checked: shortcuts(), onchange: () => localStorage.setItem(SHORTCUTS, wanted.checked ? "on" : "off") });
	dialog.replaceChildren(el("h2", { id: "help-title" }, "Keyboard shortcuts"),
		el("div", { class: "help" }, KEYS.map(([title, keys]) => el("section", null, el("h3", null, title),
			el("dl", null, keys.map(([key, what]) => [el("dt", null, key.split("  ").map((one) => el("kbd", null, one))), el("dd", null, what)]))))),
		el("div", { class: "actions" }, el("label", { class: "check" }, wanted, "Single keys on"), el("button", { type: "button", class: "primary", autofocus: true, onclick: () => dialog.close() }, "Close")));
	dialog.showModal();
}

function shortcuts() {
	return localStorage.getItem(SHORTCUTS) !== "off";
}

const PLACES = { c: "#/calls", p: "#/phone", b: "#/books" };

function key(event) {
	const field = event.target.closest("input:not([type=checkbox]), textarea, select");
	if (event.key === "Escape" && field) return field.blur();
	if (document.querySelector("dialog[open]") || event.altKey || event.metaKey || (event.ctrlKey && event.key !== "Enter")) return;
	if (event.ctrlKey ? view?.key?.(event) : !field && shortcuts() && single(event)) event.preventDefault();
}

function single(event) {
	if (event.key === "?") {
		help();
		return true;
	}
	if (event.key === " " && event.target.closest("button, a, summary, input")) return false;
	if (!who()) return false;
	if (view?.key?.(event)) return true;
	if (!PLACES[event.key]) return false;
	location.hash = PLACES[event.key];
	return true;
}

document.addEventListener("keydown", key);
byId("help-button").addEventListener("click", help);
byId("sign-out").addEventListener("click", () => end("You are signed out."));
byId("skip").addEventListener("click", (event) => {
	event.preventDefault();
	main.focus();
});
begin();
