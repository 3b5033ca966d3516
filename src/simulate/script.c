/* The built-in scripts. Names, numbers and addresses are invented; telephone numbers are from the range 555-01xx, which
 * is reserved for fiction, the card's number is the one that card networks give to testers. Owns nothing; pure functions over constants. */
#include "simulate/script.h"

#include <stdio.h>
#include <string.h>

#define STEPS(table) .steps = table, .step_count = sizeof(table) / sizeof(table[0])
#define TOOLS(table) .tools = table, .tool_count = sizeof(table) / sizeof(table[0])

static const struct script_step appointment_steps[] = {
	{ .ask = "How can I help you today?", .kind = ANSWER_OPEN,
	  .answers = { "I want to book an appointment with the dentist", "hello I need to see ~ a doctor this week", "I would like an appointment please",
		  "my son has a bad tooth ~ can somebody look at it" } },
	{ .ask = "Have you been with us before?", .kind = ANSWER_YES_NO, .answers = { "yes", "no", "yes I have", "no never" } },
	{ .ask = "What is your phone number?", .kind = ANSWER_DIGITS, .keys = "2025550143#", .secret = "2025550143",
	  .answers = { "two zero two | five five five | zero one four three", "it is two zero two | five five five zero one | four three",
		  "two zero two five five five | zero one four three" }, .tool = "find_patient" },
	{ .ask = "Could you spell your last name?", .kind = ANSWER_SPELLED, .answers = { "m i l | l e r", "g u p t a", "s h a | r m | a" } },
	{ .ask = "Which day would suit you best?", .kind = ANSWER_OPEN,
	  .answers = { "tuesday in the morning", "any day ~ after four", "friday at ten if you have it" }, .tool = "find_slots" },
	{ .ask = "Shall I book that time for you?", .kind = ANSWER_YES_NO, .answers = { "yes please", "yes", "sure", "yes that is right" },
	  .tool = "book_slot" },
	{ .ask = "What is your email address?", .kind = ANSWER_SPELLED, .secret = "at example dot",
	  .answers = { "anna dot miller | at example dot com", "a n n a | at example | dot org" }, .tool = "send_summary" },
	{ .ask = "Is there anything else today?", .kind = ANSWER_YES_NO, .answers = { "no", "no thank you", "no that was all" } },
};

static const struct script_tool appointment_tools[] = {
	{ "find_patient", false, 350, "patient found since spring" },
	{ "find_slots", false, 600, "tuesday at ten is free" },
	{ "book_slot", true, 700, "booked under lantern" },
	{ "send_summary", true, 500, "summary sent" },
};

static const struct script_step payment_steps[] = {
	{ .ask = "Are you the holder of this account?", .kind = ANSWER_YES_NO, .answers = { "yes", "yes I am", "yes speaking" } },
	{ .ask = "What is your date of birth in digits?", .kind = ANSWER_DIGITS, .keys = "01021990#",
	  .answers = { "zero one | zero two | nineteen ninety", "zero one zero two | one nine nine zero" }, .tool = "verify_holder" },
	{ .ask = "Did you receive our letter about the open bill?", .kind = ANSWER_YES_NO, .answers = { "yes", "no", "yes but I forgot" } },
	{ .ask = "When could you pay the rest?", .kind = ANSWER_OPEN,
	  .answers = { "on friday when my salary comes", "at the end of the month ~ I think", "I can pay next monday" }, .tool = "promise_payment" },
	{ .ask = "Would you like to pay a part of it now?", .kind = ANSWER_YES_NO, .answers = { "no", "no not now", "yes okay" } },
	{ .ask = "What is the six digit code we sent you?", .kind = ANSWER_DIGITS, .keys = "481205#",
	  .answers = { "four eight one | two zero five", "four eight | one two | zero five" }, .tool = "check_code", .tool2 = "read_balance" },
	{ .ask = "What is your card number?", .kind = ANSWER_DIGITS, .keys = "4111111111111111#", .secret = "4111111111111111",
	  .answers = { "four one one one | one one one one | one one one one | one one one one", "it is four one one one one one one one | one one one one one one one one" } },
	{ .ask = "Shall we send you a reminder the day before?", .kind = ANSWER_YES_NO, .answers = { "yes please", "no", "yes" }, .tool = "set_reminder" },
	{ .ask = "Do you have another question?", .kind = ANSWER_YES_NO, .answers = { "no", "no thank you" } },
};

static const struct script_tool payment_tools[] = {
	{ "verify_holder", false, 300, "holder verified" },
	{ "promise_payment", true, 900, "promise noted under harbour" },
	{ "check_code", false, 200, "code is right" },
	{ "read_balance", false, 400, "balance is eighty" },
	{ "set_reminder", true, 600, "reminder set" },
};

static const struct script_step lead_steps[] = {
	{ .ask = "May I ask what you are looking for?", .kind = ANSWER_OPEN,
	  .answers = { "a flat with two rooms ~ near the station", "I saw your house by the river", "something small with a garden" } },
	{ .ask = "Do you want to buy it or to rent it?", .kind = ANSWER_OPEN, .answers = { "to rent it", "I want to buy", "buy if the price is good" } },
	{ .ask = "How much would you like to spend?", .kind = ANSWER_OPEN,
	  .answers = { "around nine hundred a month", "not more than a thousand", "that depends ~ on the house" }, .tool = "search_homes" },
	{ .ask = "Would you like to visit one of them?", .kind = ANSWER_YES_NO, .answers = { "yes", "yes please", "sure" } },
	{ .ask = "What is your mobile number?", .kind = ANSWER_DIGITS, .keys = "2025550178#", .secret = "2025550178",
	  .answers = { "two zero two | five five five | zero one seven eight", "two zero two five | five five zero one seven eight" } },
	{ .ask = "And could you spell your first name?", .kind = ANSWER_SPELLED, .answers = { "r a v i", "c l a | r a", "j o | h a n | n a" },
	  .tool = "save_lead" },
	{ .ask = "Is the afternoon a good time for you?", .kind = ANSWER_YES_NO, .answers = { "yes", "no", "yes it is" }, .tool = "book_visit" },
	{ .ask = "Are there any more wishes?", .kind = ANSWER_YES_NO, .answers = { "no", "no thanks", "no that is all" } },
};

static const struct script_tool lead_tools[] = {
	{ "search_homes", false, 1200, "three homes near the old mill" },
	{ "save_lead", true, 500, "saved under meadow" },
	{ "book_visit", true, 800, "visit booked" },
};

static const struct script_step support_steps[] = {
	{ .ask = "What can I do for you?", .kind = ANSWER_OPEN,
	  .answers = { "my internet does not work ~ since this morning", "the box keeps blinking red", "I cannot get online and I need it for work" } },
	{ .ask = "What is your customer number?", .kind = ANSWER_DIGITS, .keys = "70550119#",
	  .answers = { "seven zero five five | zero one one nine", "seven zero | five five | zero one one nine" }, .tool = "find_line" },
	{ .ask = "Is the lamp on the box red?", .kind = ANSWER_YES_NO, .answers = { "yes", "no", "yes it is" } },
	{ .ask = "Can you press the button at the back?", .kind = ANSWER_YES_NO, .answers = { "okay", "yes", "sure" }, .tool = "restart_line" },
	{ .ask = "Does it work now?", .kind = ANSWER_YES_NO, .answers = { "no", "yes", "no still nothing" } },
	{ .ask = "When would you be at home for a visit?", .kind = ANSWER_OPEN,
	  .answers = { "tomorrow after five", "on saturday ~ the whole day", "I am at home every morning" }, .tool = "book_technician" },
	{ .ask = "What is your email address?", .kind = ANSWER_SPELLED, .secret = "at example dot",
	  .answers = { "help me | at example dot net", "o m a r | at example dot com" } },
	{ .ask = "Would you rate this call as good?", .kind = ANSWER_YES_NO, .answers = { "yes", "no", "yes very much" } },
};

static const struct script_tool support_tools[] = {
	{ "find_line", false, 450, "line found with a weak signal" },
	{ "restart_line", true, 2500, "line restarted" },
	{ "book_technician", true, 700, "technician booked under orchard" },
};

const struct script scripts[] = {
	{ .name = "appointment", .greeting = "Hello, this is the clinic by the lake. How can I help you today?",
	  STEPS(appointment_steps), TOOLS(appointment_tools) },
	{ .name = "payment", .greeting = "Good morning, I am calling from the water works. This call is recorded. Are you the holder of this account?",
	  STEPS(payment_steps), TOOLS(payment_tools) },
	{ .name = "lead", .greeting = "Hello, thank you for calling about our homes. May I ask what you are looking for?",
	  STEPS(lead_steps), TOOLS(lead_tools) },
	{ .name = "support", .greeting = "Welcome to the help line. What can I do for you?", STEPS(support_steps), TOOLS(support_tools) },
};

const uint32_t script_count = sizeof(scripts) / sizeof(scripts[0]);

void script_brief(const struct script *s, struct brief *b)
{
	uint32_t i;

	brief_init(b);
	snprintf(b->rulebook, sizeof(b->rulebook), "%s@1", s->name);
	snprintf(b->greeting, sizeof(b->greeting), "%s", s->greeting);
	b->greeting_whole = strstr(s->greeting, "recorded") != NULL;
	for (i = 0; i < s->tool_count; i++) {
		struct brief_tool *t = &b->tools[b->tool_count++];

		snprintf(t->name, sizeof(t->name), "%s", s->tools[i].name);
		t->changes = s->tools[i].changes;
	}
	snprintf(b->tools[b->tool_count].name, BRIEF_NAME_MAX, SCRIPT_END_TOOL);
	b->tools[b->tool_count++].ends = true;
}

const struct script_tool *script_tool_find(const struct script *s, const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < s->tool_count; i++)
		if (strlen(s->tools[i].name) == len && !memcmp(s->tools[i].name, name, len))
			return &s->tools[i];
	return NULL;
}

/* The last two words of a question tell it from all others of its script. */
static const char *tail_of(const char *ask)
{
	const char *at = ask + strlen(ask);
	int spaces = 0;

	while (at > ask && spaces < 2)
		if (*--at == ' ')
			spaces++;
	return spaces == 2 ? at + 1 : ask;
}

int script_step_asked(const struct script *s, const char *text, size_t len)
{
	const char *best = NULL;
	int found = -1;
	uint32_t i;

	for (i = 0; i < s->step_count; i++) {
		const char *tail = tail_of(s->steps[i].ask);
		size_t tail_len = strlen(tail);
		const char *at = text, *end = text + len;

		while ((at = memmem(at, (size_t)(end - at), tail, tail_len))) {
			if (!best || at > best) {
				best = at;
				found = (int)i;
			}
			at += tail_len;
		}
	}
	return found;
}
