#include "cli/commands.h"

#include <stddef.h>

#include "cli/cli.h"

const struct command cli_commands[] = {
	{ "audio", "g711 | resample | dtmf F", "Runs the sound processing on a file.", cmd_audio },
	{ "call", "--rulebook R (--speak F.wav [--at MS] ... | --type)", "Holds a whole call from the terminal: recordings or typed lines are the caller.", cmd_call },
	{ "conductor", "[--listen ADDR:PORT] [--control]", "Runs the conductor: calls, tools, timeline, the page; with --control the planes' keys and signing in.", cmd_conductor },
	{ "config", "[--docs]", "Prints every setting: its value, where it came from, its default, unit and meaning.", cmd_config },
	{ "control", "[--listen ADDR:PORT]", "Runs control alone: the planes' keys, signing in.", cmd_control },
	{ "dial", "--to NUMBER --rulebook NAME [--from NUMBER] [--variable N=V ...]", "Calls a phone number by the house that runs, and follows the call to its end.", cmd_dial },
	{ "doctor", "[--data DIR]", "Checks all that the program needs and says what to do.", cmd_doctor },
	{ "journal", "list | verify | dump DIR", "Shows the journal as it lies on disk, torn or whole.", cmd_journal },
	{ "parse", "KIND F", "Runs one parser of outside bytes over a file.", cmd_parse },
	{ "recording", "CALL -o F.wav [--dir DIR]", "Writes the recording of a call, both sides, as one file.", cmd_recording },
	{ "redact", "", "Reads lines, text or JSON, and prints each without its personal data, and what that was.", cmd_redact },
	{ "replay", "CALL|PATH [--dir DIR] [--set K=V]", "Runs a recorded call again and compares every output, or shows what other settings would have changed.", cmd_replay },
	{ "route", "add NUMBER TENANT RULEBOOK | remove NUMBER | list", "Says which tenant and which rule-book a phone number belongs to.", cmd_route },
	{ "rulebook", "check F | show NAME | try NAME", "Says whether a rule-book is fine, with every mistake and its line, shows what becomes of it, or plays it by typing.", cmd_rulebook },
	{ "say", "TEXT [--lang L] (-o F.wav | --print)", "Speaks a text into a file, as the offline voices do on the telephone, or prints its spoken form.", cmd_say },
	{ "sandbox", "[--print-config] [--rulebook R]", "Runs every vendor as a server on loopback, to try the paid path without an account.", cmd_sandbox },
	{ "secret", "set TENANT NAME | list TENANT | remove TENANT NAME", "Keeps the secrets of a tenant, sealed; values come from a prompt or standard input.", cmd_secret },
	{ "serve", "[--data DIR] [--listen ADDR:PORT]", "Runs everything on this machine and prints where to go.", cmd_serve },
	{ "sign-in", "[--tenant T] [--role R]", "Prints a fresh sign-in link of the house that runs on this data folder.", cmd_sign_in },
	{ "simulate", "[--calls N] [--seed S] [--faults LIST]", "Runs whole calls in virtual time and checks every promise.", cmd_simulate },
	{ "show", "CALL [--dir DIR]", "Tells what happened in a call, turn by turn.", cmd_show },
	{ "tenant", "add NAME | list", "Makes a tenant, or lists them.", cmd_tenant },
	{ "token", "--tenant T --role R [--ttl S]", "Prints a token of the built-in issuer.", cmd_token },
	{ "vad", "F.wav [--rate R] [--isa I] [--batch N]", "Prints the voice probability of every chunk of a recording.", cmd_vad },
	{ "voice", "[--name NAME] [--conductor URL]", "Runs a voice worker: media sockets, calls, their journal.", cmd_voice },
	{ NULL, NULL, NULL, NULL },
};
