#include "cli/commands.h"

#include <stddef.h>

#include "cli/cli.h"

const struct command cli_commands[] = {
	{ "audio", "g711 | resample | dtmf F", "Runs the sound processing on a file.", cmd_audio },
	{ "config", "[--docs]", "Prints every setting: its value, where it came from, its default, unit and meaning.", cmd_config },
	{ "doctor", "", "Checks all that the program needs and says what to do.", cmd_doctor },
	{ "journal", "list | verify | dump DIR", "Shows the journal as it lies on disk, torn or whole.", cmd_journal },
	{ "parse", "KIND F", "Runs one parser of outside bytes over a file.", cmd_parse },
	{ "recording", "CALL -o F.wav [--dir DIR]", "Writes the recording of a call, both sides, as one file.", cmd_recording },
	{ "replay", "CALL|PATH [--dir DIR] [--set K=V]", "Runs a recorded call again and compares every output, or shows what other settings would have changed.", cmd_replay },
	{ "simulate", "[--calls N] [--seed S] [--faults LIST]", "Runs whole calls in virtual time and checks every promise.", cmd_simulate },
	{ "show", "CALL [--dir DIR]", "Tells what happened in a call, turn by turn.", cmd_show },
	{ "vad", "F.wav [--rate R] [--isa I] [--batch N]", "Prints the voice probability of every chunk of a recording.", cmd_vad },
	{ NULL, NULL, NULL, NULL },
};
