/* A tester's scenario: any bytes are refused with a line and a hint, or are a script that a whole simulated call can be made of. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "simulate/scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_utf8(const char *text)
{
	size_t len = strlen(text), n;

	for (; len; text += n, len -= n) {
		n = utf8_length((const uint8_t *)text, len);
		if (!n)
			return false;
	}
	return true;
}

/* What the actors rely on. */
static void script_check(const struct script *s)
{
	uint32_t i, k;
	struct call_settings usual;

	call_settings_init(&usual);
	assert(s->name && s->greeting && s->own);
	assert(s->step_count && s->step_count <= SCRIPT_STEPS_MAX && s->tool_count <= SCRIPT_TOOLS_MAX);
	assert(s->cue_count <= SCRIPT_CUES_MAX && s->fault_count <= SCRIPT_FAULTS_MAX);
	assert(strstr(s->greeting, s->steps[0].ask));
	for (i = 0; i < s->cue_count; i++)
		assert(s->cues[i].at_us <= (uint64_t)usual.call_max_ms * 1000 && s->cues[i].at_us % 1000 == 0);
	for (i = 0; i < s->step_count; i++) {
		const struct script_step *step = &s->steps[i];

		assert(step->ask && step->ask[strlen(step->ask) - 1] == '?');
		assert(!step->tool || script_tool_find(s, step->tool, strlen(step->tool)));
		assert(!step->tool2 || script_tool_find(s, step->tool2, strlen(step->tool2)));
		assert(step->answers[0] && step->answers[0][0]);
		assert(script_step_asked(s, step->ask, strlen(step->ask)) >= 0);
		for (k = 0; k < STEP_ANSWERS_MAX; k++)
			assert(!step->answers[k] || (strlen(step->answers[k]) < SCRIPT_TEXT_MAX && is_utf8(step->answers[k])));
	}
}

/* Promises may break (the caller of a hostile script does not behave); asserts may not. */
static void script_call(const struct script *script)
{
	struct scene_options options = { .seed = 1, .sabotage = -1, .ledger = -1, .script = script };
	struct verdict *verdict = calloc(1, sizeof(*verdict));
	struct scene *scene;

	call_settings_init(&options.settings);
	if (!verdict || scene_new(&scene, &options))
		abort();
	(void)!scene_run(scene, 0, verdict);
	scene_free(scene);
	free(verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_detail detail = { .message = "" };
	struct brief brief;
	struct script *s;
	enum err err = script_parse(&s, (const char *)data, size, &detail);

	assert(!err == (s != NULL));
	if (err) {
		assert(err == ERR_NOMEM || detail.message[0]);
		return 0;
	}
	script_check(s);
	script_brief(s, &brief);
	script_call(s);
	script_free(s);
	return 0;
}
