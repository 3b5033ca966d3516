/* The record service over a real socket, on real stores: what each request answers, who may ask, what repeats and restarts change. */
#include "askkit.h"

#include "base/http_server.h"
#include "base/wording.h"
#include "conductor/records.h"
#include "conductor/records_parts.h"
#include "conductor/records_state.h"

struct service {
	struct world w;
	struct documents *documents;
	struct secrets *secrets;
	struct records *records;
	struct http_server *server;
	unsigned int port, admitted, closed;
	enum err admit_err;
	char token_a[SECRET_MAX_BYTES], token_b[SECRET_MAX_BYTES];
	unsigned int got;
	int32_t today;
};

static int32_t today(void *arg)
{
	return ((struct service *)arg)->today;
}

static void on_admitted(void *arg, enum err err)
{
	struct service *s = arg;

	s->admit_err = err;
	s->admitted++;
}

static void on_token(void *arg, enum err err, struct secret secret)
{
	struct service *s = arg;
	char *out = s->got ? s->token_b : s->token_a;

	assert_int_equal(err, ERR_NONE);
	memcpy(out, secret.value, secret.len + 1);
	secret_release(&secret);
	s->got++;
}

static void open_stores(struct service *s)
{
	static const struct secrets_settings sealed = { .master_key_file = "", .cache_s = 3600 };
	const struct http_settings http = { .listen = "127.0.0.1:0" };
	const struct records_settings settings = { .today = today, .arg = s };
	struct records_settings filled = settings;

	assert_int_equal(sqlite_documents_open(&s->documents, &s->w.loop, world_path(&s->w, "d.db"), NULL), ERR_NONE);
	assert_int_equal(sealed_secrets_open(&s->secrets, &s->w.loop, world_path(&s->w, "secrets"), &sealed, NULL), ERR_NONE);
	filled.documents = s->documents;
	filled.secrets = s->secrets;
	assert_int_equal(records_open(&s->records, &filled), ERR_NONE);
	assert_int_equal(http_server_open(&s->server, &s->w.loop, &http, NULL), ERR_NONE);
	assert_int_equal(records_mount(s->records, s->server), ERR_NONE);
	s->port = http_server_port(s->server);
}

static void admit(struct service *s, const struct tenant *t)
{
	struct records_waiter waiter = { .of = NULL };
	unsigned int wanted = s->admitted + 1;

	assert_int_equal(records_admit(s->records, &waiter, t, on_admitted, s), ERR_NONE);
	assert_int_equal(s->admitted, wanted - 1); /* never from inside */
	world_wait(&s->w, &s->admitted, wanted);
	assert_int_equal(s->admit_err, ERR_NONE);
	assert_true(records_admits(s->records, t));
}

static void learn_tokens(struct service *s)
{
	struct job *job;

	s->got = 0;
	assert_int_equal(secrets_get(s->secrets, &job, s->w.a, RECORDS_TOKEN_SECRET, on_token, s), ERR_NONE);
	world_wait(&s->w, &s->got, 1);
	assert_int_equal(secrets_get(s->secrets, &job, s->w.b, RECORDS_TOKEN_SECRET, on_token, s), ERR_NONE);
	world_wait(&s->w, &s->got, 2);
}

static void begin(struct service *s)
{
	memset(s, 0, sizeof(*s));
	world_begin(&s->w);
	assert_true(day_parse("2026-11-23", 10, &s->today)); /* a Monday */
	open_stores(s);
	admit(s, s->w.a);
	admit(s, s->w.b);
	learn_tokens(s);
}

static void on_closed(void *arg)
{
	((struct service *)arg)->closed++;
}

static void close_stores(struct service *s)
{
	s->closed = 0;
	http_server_close(&s->server, on_closed, s);
	records_close(&s->records);
	world_wait(&s->w, &s->closed, 1);
	documents_close(&s->documents);
	secrets_close(&s->secrets);
}

static void end(struct service *s)
{
	close_stores(s);
	world_end(&s->w);
}

/* The status; *json is the answer's body. As tenant a. */
static unsigned int ask_with(struct service *s, const char *tenant, const char *token, const char *method, const char *path, const char *key, const char *body,
	json_t **json)
{
	static struct asking a;
	char line[300], headers[700];

	snprintf(line, sizeof(line), "%s /records/%s%s", method, tenant, path);
	snprintf(headers, sizeof(headers), "Authorization: Bearer %.100s\r\n%s%.300s%s", token, key ? "Idempotency-Key: " : "", key ? key : "", key ? "\r\n" : "");
	asking_start(&a, &s->w, s->port, line, headers, body ? body : "");
	world_wait(&s->w, &a.done, 1);
	if (json)
		*json = a.json;
	else
		json_decref(a.json);
	return a.status;
}

static unsigned int ask(struct service *s, const char *method, const char *path, const char *key, const char *body, json_t **json)
{
	return ask_with(s, "acme", s->token_a, method, path, key, body, json);
}

static void assert_answer(struct service *s, const char *method, const char *path, const char *body, unsigned int status, const char *expected)
{
	json_t *json = NULL, *wanted = expected ? json_loads(expected, 0, NULL) : NULL;
	unsigned int got = ask(s, method, path, NULL, body, &json);

	if (got != status)
		fail_msg("%s %s: %u, not %u", method, path, got, status);
	if (wanted && !json_equal(json, wanted))
		fail_msg("%s %s: %s", method, path, json_dumps(json, 0));
	json_decref(json);
	json_decref(wanted);
}

/* ---- what the table of docs/rulebooks.md says ---- */

static void appointments_are_confirmed_moved_and_cancelled(void **state)
{
	struct service s;

	(void)state;
	begin(&s);
	assert_answer(&s, "GET", "/appointments/A-1001", NULL, 200,
		"{\"id\":\"A-1001\",\"status\":\"booked\",\"date\":\"2026-11-26\",\"time\":\"10:30\",\"doctor\":\"Doctor Adams\"}");
	assert_answer(&s, "POST", "/appointments/A-1001/confirm", "{}", 200,
		"{\"id\":\"A-1001\",\"status\":\"confirmed\",\"date\":\"2026-11-26\",\"time\":\"10:30\",\"doctor\":\"Doctor Adams\"}");
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", 200,
		"{\"id\":\"A-1001\",\"status\":\"booked\",\"date\":\"2026-11-27\",\"time\":\"15:00\",\"doctor\":\"Doctor Adams\"}");
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-28\",\"time\":\"15:00\"}", 409, NULL); /* Saturday */
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-26\",\"time\":\"10:30\"}", 409, NULL); /* somebody else's now */
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-20\",\"time\":\"15:00\"}", 422, NULL); /* past */
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\"}", 422, NULL);
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\",\"x\":1}", 422, NULL);
	assert_answer(&s, "PUT", "/appointments/A-1001", "not json", 422, NULL);
	assert_answer(&s, "POST", "/appointments/A-1001/confirm", "not json", 422, NULL);
	assert_answer(&s, "POST", "/appointments/A-1001/confirm", "{\"x\":1}", 422, NULL);
	assert_answer(&s, "POST", "/appointments/A-1001/cancel", "{}", 200,
		"{\"id\":\"A-1001\",\"status\":\"cancelled\",\"date\":\"2026-11-27\",\"time\":\"15:00\",\"doctor\":\"Doctor Adams\"}");
	assert_answer(&s, "POST", "/appointments/A-1001/confirm", "{}", 409, NULL);
	assert_answer(&s, "GET", "/appointments/A-1002", NULL, 404, NULL);
	assert_answer(&s, "GET", "/appointments/A%2f1002", NULL, 404, NULL);
	assert_answer(&s, "GET", "/appointments/%41-1001", NULL, 200, NULL);
	end(&s);
}

static void a_time_is_free_until_somebody_has_it(void **state)
{
	struct service s;

	(void)state;
	begin(&s);
	assert_answer(&s, "GET", "/slots?date=2026-11-27&time=15:00", NULL, 200, "{\"free\":true,\"near_date\":\"2026-11-27\",\"near_time\":\"15:00\"}");
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", 200, NULL);
	assert_answer(&s, "GET", "/slots?date=2026-11-27&time=15:00", NULL, 200, "{\"free\":false,\"near_date\":\"2026-11-27\",\"near_time\":\"14:30\"}");
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"14:30\"}", 200, NULL);
	assert_answer(&s, "GET", "/slots?date=2026-11-27&time=15:00", NULL, 200, "{\"free\":true,\"near_date\":\"2026-11-27\",\"near_time\":\"15:00\"}");
	assert_answer(&s, "GET", "/slots?date=2026-11-27&time=15:10", NULL, 200, "{\"free\":false,\"near_date\":\"2026-11-27\",\"near_time\":\"15:00\"}");
	assert_answer(&s, "GET", "/slots?date=2026-11-28&time=15:00", NULL, 200, "{\"free\":false,\"near_date\":\"2026-11-30\",\"near_time\":\"15:00\"}");
	assert_answer(&s, "GET", "/slots?date=2026-11-22&time=15:00", NULL, 422, NULL);
	assert_answer(&s, "GET", "/slots?date=2026-11-27", NULL, 422, NULL);
	end(&s);
}

static void on_put(void *arg, enum err err, uint64_t revision)
{
	(void)revision;
	assert_int_equal(err, ERR_NONE);
	++*(unsigned int *)arg;
}

static void put_document(struct service *s, const char *key, const char *value)
{
	const struct documents_put put = { .key = key, .value = value, .len = strlen(value), .expected = DOCUMENT_ANY };
	unsigned int done = 0;
	struct job *job;

	assert_int_equal(documents_put(s->documents, &job, s->w.a, &put, on_put, &done), ERR_NONE);
	world_wait(&s->w, &done, 1);
}

/* Two appointments, one time: one of them gets it, however close they come. */
static void a_time_has_one_appointment(void **state)
{
	static struct asking all[2];
	struct service s;
	char headers[200];

	(void)state;
	begin(&s);
	put_document(&s, "records/appointments/B-1", "{\"record\":{\"id\":\"B-1\",\"status\":\"booked\",\"date\":\"2026-11-26\",\"time\":\"09:00\",\"doctor\":\"Doctor Lee\"}}");
	snprintf(headers, sizeof(headers), "Authorization: Bearer %.100s\r\n", s.token_a);
	asking_start(&all[0], &s.w, s.port, "PUT /records/acme/appointments/A-1001", headers, "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}");
	asking_start(&all[1], &s.w, s.port, "PUT /records/acme/appointments/B-1", headers, "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}");
	for (size_t i = 0; i < 2; i++) {
		world_wait(&s.w, &all[i].done, 1);
		json_decref(all[i].json);
	}
	assert_int_equal(all[0].status + all[1].status, 200 + 409);
	assert_answer(&s, "PUT", all[0].status == 200 ? "/appointments/B-1" : "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", 409, NULL);
	end(&s);
}

/* As after a death between the calendar and the appointment. */
static void a_time_that_was_taken_halfway_is_taken_again_by_its_own(void **state)
{
	struct service s;

	(void)state;
	begin(&s);
	put_document(&s, "records/slots/2026-11-27T15:00", "A-1001");
	put_document(&s, "records/slots/2026-11-27T16:00", "A-10010");
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"16:00\"}", 409, NULL);
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", 200, NULL);
	end(&s);
}

static void accounts_take_promises_and_notes(void **state)
{
	struct service s;

	(void)state;
	begin(&s);
	assert_answer(&s, "GET", "/accounts/P-3001", NULL, 200,
		"{\"id\":\"P-3001\",\"name\":\"Ravi Kumar\",\"status\":\"open\",\"amount\":4500,\"due_date\":\"2026-11-10\"}");
	assert_answer(&s, "POST", "/accounts/P-3001/verify", "{\"digits\":\"4021\"}", 200, "{\"matches\":true}");
	assert_answer(&s, "POST", "/accounts/P-3001/verify", "{\"digits\":\"4022\"}", 200, "{\"matches\":false}");
	assert_answer(&s, "POST", "/accounts/P-3001/verify", "{\"digits\":\"021\"}", 422, NULL);
	assert_answer(&s, "POST", "/accounts/P-3001/promises", "{\"amount\":4500,\"date\":\"2026-11-30\",\"part\":false}", 200, "{\"reference\":\"R-1\"}");
	assert_answer(&s, "POST", "/accounts/P-3001/promises", "{\"amount\":0,\"date\":\"2026-11-30\",\"part\":false}", 422, NULL);
	assert_answer(&s, "POST", "/accounts/P-3001/notes", "{\"kind\":\"rude\"}", 422, NULL);
	assert_answer(&s, "POST", "/accounts/P-3001/notes", "{\"kind\":\"dispute\",\"text\":\"Not mine.\"}", 200, "{\"reference\":\"R-2\"}");
	assert_answer(&s, "GET", "/accounts/P-3001", NULL, 200,
		"{\"id\":\"P-3001\",\"name\":\"Ravi Kumar\",\"status\":\"disputed\",\"amount\":4500,\"due_date\":\"2026-11-10\"}");
	end(&s);
}

static void leads_say_what_they_want(void **state)
{
	struct service s;

	(void)state;
	begin(&s);
	assert_answer(&s, "GET", "/leads/L-2001", NULL, 200,
		"{\"id\":\"L-2001\",\"name\":\"Jordan Lee\",\"interest\":null,\"purpose\":null,\"budget\":null,\"soon\":null,\"call_date\":null,\"call_time\":null}");
	assert_answer(&s, "PATCH", "/leads/L-2001", "{\"purpose\":\"own\"}", 422, NULL);
	assert_answer(&s, "PATCH", "/leads/L-2001", "{\"interest\":\"interested\",\"budget\":350000,\"call_date\":\"2026-11-24\",\"call_time\":\"10:30\"}", 200, NULL);
	assert_answer(&s, "PATCH", "/leads/L-2001", "{\"interest\":\"later\",\"soon\":\"month\"}", 200,
		"{\"id\":\"L-2001\",\"name\":\"Jordan Lee\",\"interest\":\"later\",\"purpose\":null,\"budget\":350000,\"soon\":\"month\",\"call_date\":\"2026-11-24\","
		"\"call_time\":\"10:30\"}");
	end(&s);
}

/* ---- who may ask ---- */

static void a_token_opens_its_own_tenant_alone(void **state)
{
	struct service s;
	char longer[SECRET_MAX_BYTES + 2];

	(void)state;
	begin(&s);
	assert_int_equal(strlen(s.token_a), 64);
	assert_string_not_equal(s.token_a, s.token_b);
	assert_int_equal(ask_with(&s, "acme", s.token_a, "GET", "/leads/L-2001", NULL, NULL, NULL), 200);
	assert_int_equal(ask_with(&s, "globex", s.token_a, "GET", "/leads/L-2001", NULL, NULL, NULL), 401);
	assert_int_equal(ask_with(&s, "acme", s.token_b, "GET", "/leads/L-2001", NULL, NULL, NULL), 401);
	assert_int_equal(ask_with(&s, "acme", "", "GET", "/leads/L-2001", NULL, NULL, NULL), 401);
	assert_int_equal(ask_with(&s, "nobody", s.token_a, "GET", "/leads/L-2001", NULL, NULL, NULL), 401);
	assert_int_equal(ask_with(&s, "nobody", s.token_a, "PATCH", "/leads/nothing", NULL, "no json", NULL), 401); /* nothing is told before */
	snprintf(longer, sizeof(longer), "%.100sx", s.token_a);
	assert_int_equal(ask_with(&s, "acme", longer, "GET", "/leads/L-2001", NULL, NULL, NULL), 401);
	end(&s);
}

static void N08_tenants_have_records_of_their_own(void **state)
{
	struct service s;
	json_t *json;

	(void)state;
	begin(&s);
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", 200, NULL);
	assert_int_equal(ask_with(&s, "globex", s.token_b, "GET", "/appointments/A-1001", NULL, NULL, &json), 200);
	assert_string_equal(json_string_value(json_object_get(json, "date")), "2026-11-26");
	json_decref(json);
	assert_int_equal(ask_with(&s, "globex", s.token_b, "PUT", "/appointments/A-1001", NULL, "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", NULL), 200);
	end(&s);
}

static void on_set(void *arg, enum err err)
{
	assert_int_equal(err, ERR_NONE);
	++*(unsigned int *)arg;
}

static void a_token_that_was_set_is_kept(void **state)
{
	struct service s;
	unsigned int done = 0;
	struct job *job;

	(void)state;
	begin(&s);
	assert_int_equal(secrets_set(s.secrets, &job, s.w.a, RECORDS_TOKEN_SECRET, "of-my-own", 9, on_set, &done), ERR_NONE);
	world_wait(&s.w, &done, 1);
	assert_int_equal(ask(&s, "GET", "/leads/L-2001", NULL, NULL, NULL), 401);
	admit(&s, s.w.a);
	assert_int_equal(ask_with(&s, "acme", "of-my-own", "GET", "/leads/L-2001", NULL, NULL, NULL), 200);
	end(&s);
}

/* Many at once make one token; one who does not listen any more is not told. */
static void a_token_is_made_once(void **state)
{
	struct service s;
	struct records_waiter waiters[3] = { { .of = NULL } };
	struct tenant *t = tenant_called("initech");

	(void)state;
	begin(&s);
	s.admitted = 0;
	assert_false(records_admits(s.records, t));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(records_admit(s.records, &waiters[i], t, on_admitted, &s), ERR_NONE);
	records_waiter_cancel(&waiters[1]);
	world_wait(&s.w, &s.admitted, 2);
	assert_true(records_admits(s.records, t));
	assert_int_equal(records_admit(s.records, &waiters[0], t, on_admitted, &s), ERR_NONE);
	tenant_drop(&t);
	end(&s); /* with one that waits: silenced */
	assert_int_equal(s.admitted, 2);
}

/* ---- repeats and restarts ---- */

static void N04_a_repeated_key_changes_nothing_more(void **state)
{
	struct service s;
	json_t *json;

	(void)state;
	begin(&s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&s, "POST", "/accounts/P-3001/notes", "k1", "{\"kind\":\"refused\"}", &json), 200);
		assert_string_equal(json_string_value(json_object_get(json, "reference")), "R-1");
		json_decref(json);
	}
	assert_int_equal(ask(&s, "POST", "/accounts/P-3001/notes", "k1", "{\"kind\":\"dispute\"}", NULL), 422);
	assert_int_equal(ask(&s, "POST", "/accounts/P-3001/notes", "k2", "{\"kind\":\"refused\"}", &json), 200);
	assert_string_equal(json_string_value(json_object_get(json, "reference")), "R-2");
	json_decref(json);
	end(&s);
}

static void a_restart_forgets_nothing(void **state)
{
	struct service s;
	json_t *json;
	char token[SECRET_MAX_BYTES];

	(void)state;
	begin(&s);
	assert_int_equal(ask(&s, "POST", "/accounts/P-3001/notes", "k1", "{\"kind\":\"dispute\"}", NULL), 200);
	assert_answer(&s, "PUT", "/appointments/A-1001", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", 200, NULL);
	memcpy(token, s.token_a, sizeof(token));
	close_stores(&s);
	uv_run(&s.w.loop, UV_RUN_NOWAIT);
	open_stores(&s);
	s.today += 2;
	assert_int_equal(ask(&s, "GET", "/leads/L-2001", NULL, NULL, NULL), 401); /* not admitted here yet */
	admit(&s, s.w.a);
	learn_tokens(&s);
	assert_string_equal(s.token_a, token);
	assert_int_equal(ask(&s, "POST", "/accounts/P-3001/notes", "k1", "{\"kind\":\"dispute\"}", &json), 200);
	assert_string_equal(json_string_value(json_object_get(json, "reference")), "R-1");
	json_decref(json);
	assert_answer(&s, "GET", "/slots?date=2026-11-27&time=15:00", NULL, 200, "{\"free\":false,\"near_date\":\"2026-11-27\",\"near_time\":\"14:30\"}");
	end(&s);
}

/* Eight at once: each is either stored or begins again; none is lost. */
static void parallel_changes_all_count(void **state)
{
	static struct asking all[8];
	struct service s;
	char headers[200];
	unsigned int seen = 0;

	(void)state;
	begin(&s);
	snprintf(headers, sizeof(headers), "Authorization: Bearer %.100s\r\n", s.token_a);
	for (size_t i = 0; i < 8; i++)
		asking_start(&all[i], &s.w, s.port, "POST /records/acme/accounts/P-3001/notes", headers, "{\"kind\":\"refused\"}");
	for (size_t i = 0; i < 8; i++) {
		world_wait(&s.w, &all[i].done, 1);
		assert_int_equal(all[i].status, 200);
		seen |= 1u << strtoul(json_string_value(json_object_get(all[i].json, "reference")) + 2, NULL, 10);
		json_decref(all[i].json);
	}
	assert_int_equal(seen, 0x1fe);
	end(&s);
}

/* The service goes while it works: its requests are answered, nothing is touched afterwards. */
static void closing_answers_what_waits(void **state)
{
	static struct asking a;
	struct service s;
	char headers[200];

	(void)state;
	begin(&s);
	snprintf(headers, sizeof(headers), "Authorization: Bearer %.100s\r\n", s.token_a);
	asking_start(&a, &s.w, s.port, "POST /records/acme/accounts/P-3001/notes", headers, "{\"kind\":\"refused\"}");
	while (!s.records->errands)
		uv_run(&s.w.loop, UV_RUN_ONCE);
	records_close(&s.records);
	world_wait(&s.w, &a.done, 1);
	assert_int_equal(a.status, 503);
	json_decref(a.json);
	end(&s);
}

/* Who goes away in the middle has still changed something, when it was begun. */
static void a_client_that_goes_away(void **state)
{
	static struct asking a;
	struct service s;
	char headers[200];
	json_t *json;

	(void)state;
	begin(&s);
	snprintf(headers, sizeof(headers), "Authorization: Bearer %.100s\r\n", s.token_a);
	asking_start(&a, &s.w, s.port, "POST /records/acme/accounts/P-3001/notes", headers, "{\"kind\":\"refused\"}");
	while (!s.records->errands)
		uv_run(&s.w.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&a.tcp, asking_closed);
	while (s.records->errands)
		uv_run(&s.w.loop, UV_RUN_ONCE);
	assert_int_equal(ask(&s, "POST", "/accounts/P-3001/notes", NULL, "{\"kind\":\"refused\"}", &json), 200);
	json_decref(json);
	end(&s);
}

/* ---- the calendar ---- */

static bool none_taken(void *arg, const char *slot)
{
	(void)arg;
	(void)slot;
	return false;
}

static bool all_taken(void *arg, const char *slot)
{
	(void)arg;
	(void)slot;
	return true;
}

static void the_calendar_has_free_times_every_day(void **state)
{
	int32_t day, at, minute;

	(void)state;
	assert_true(day_parse("2026-11-23", 10, &day));
	for (int32_t d = day; d < day + 70; d++) {
		unsigned int open = 0;

		for (minute = 0; minute < 1440; minute++)
			open += slot_open(d, minute);
		assert_true(day_of_week(d) == 0 || day_of_week(d) == 6 ? open == 0 : open >= 10 && open <= 11);
		at = d;
		minute = 700;
		assert_true(slot_nearest(&at, &minute, none_taken, NULL));
		assert_true(slot_open(at, minute) && at - d <= 2);
		assert_false(slot_nearest(&at, &minute, all_taken, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appointments_are_confirmed_moved_and_cancelled),
		cmocka_unit_test(a_time_is_free_until_somebody_has_it),
		cmocka_unit_test(a_time_has_one_appointment),
		cmocka_unit_test(a_time_that_was_taken_halfway_is_taken_again_by_its_own),
		cmocka_unit_test(accounts_take_promises_and_notes),
		cmocka_unit_test(leads_say_what_they_want),
		cmocka_unit_test(a_token_opens_its_own_tenant_alone),
		cmocka_unit_test(N08_tenants_have_records_of_their_own),
		cmocka_unit_test(a_token_that_was_set_is_kept),
		cmocka_unit_test(a_token_is_made_once),
		cmocka_unit_test(N04_a_repeated_key_changes_nothing_more),
		cmocka_unit_test(a_restart_forgets_nothing),
		cmocka_unit_test(parallel_changes_all_count),
		cmocka_unit_test(closing_answers_what_waits),
		cmocka_unit_test(a_client_that_goes_away),
		cmocka_unit_test(the_calendar_has_free_times_every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
