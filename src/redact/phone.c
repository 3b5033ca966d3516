#include "redact/phone.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/wording.h"

enum plan { PLAN_UNKNOWN, PLAN_OTHER, PLAN_AMERICA, PLAN_BRITAIN, PLAN_INDIA, PLAN_GERMANY, PLAN_COUNT };

static const char *const codes[PLAN_COUNT] = { [PLAN_UNKNOWN] = "", [PLAN_OTHER] = "", [PLAN_AMERICA] = "+1", [PLAN_BRITAIN] = "+44", [PLAN_INDIA] = "+91",
	[PLAN_GERMANY] = "+49" };

/* The region of "en-IN" or "hi-Latn-IN"; NULL: there is none. */
static const char *region_of(const char *language)
{
	const char *part = language, *end;

	while ((part = strpbrk(part, "-_")) != NULL) {
		part++;
		end = part + strcspn(part, "-_");
		if (end - part == 2 && isalpha((unsigned char)part[0]) && isalpha((unsigned char)part[1]))
			return part;
	}
	return NULL;
}

/* The plan of the call. A language alone speaks for India only when no other country has it for its own. */
static enum plan plan_of(const char *language)
{
	static const struct {
		const char region[3];
		enum plan plan;
	} regions[] = { { "US", PLAN_AMERICA }, { "CA", PLAN_AMERICA }, { "PR", PLAN_AMERICA }, { "GB", PLAN_BRITAIN }, { "IN", PLAN_INDIA },
		{ "DE", PLAN_GERMANY } };
	static const char *const indian[] = { "hi", "gu", "kn", "ml", "mr", "or", "te", "as" };
	const char *region = language ? region_of(language) : NULL;
	size_t i;

	for (i = 0; region && i < sizeof(regions) / sizeof(regions[0]); i++)
		if (!strncasecmp(region, regions[i].region, 2))
			return regions[i].plan;
	for (i = 0; language && !region && i < sizeof(indian) / sizeof(indian[0]); i++)
		if (language_is(language, indian[i]))
			return PLAN_INDIA;
	return region ? PLAN_OTHER : PLAN_UNKNOWN;
}

static bool is_american(const char *d, size_t n)
{
	return n == PHONE_NATIONAL_DIGITS && d[0] >= '2' && d[3] >= '2';
}

/* Behind its 0 or its country code. Germany's other numbers have no length that tells them. */
static bool is_german_mobile(const char *d, size_t n)
{
	return (n == PHONE_NATIONAL_DIGITS || n == PHONE_NATIONAL_DIGITS + 1) && d[0] == '1' && d[1] >= '5' && d[1] <= '7';
}

/* Ten digits behind the 0 that is dialled at home. */
static bool has_trunk(const char *d, size_t n)
{
	return n == PHONE_NATIONAL_DIGITS + 1 && d[0] == '0';
}

/* Whether the number can be one of the plan's, as it is said at home. */
static bool plan_fits(enum plan plan, const char *d, size_t n, const char *groups)
{
	switch (plan) {
	case PLAN_AMERICA:
		return is_american(d, n);
	case PLAN_BRITAIN: /* its mobiles are also said without the 0 */
		return has_trunk(d, n) || (n == PHONE_NATIONAL_DIGITS && d[0] == '7' && *groups != '(');
	case PLAN_INDIA: /* nobody puts a part of a mobile's number in brackets */
		return has_trunk(d, n) || (n == PHONE_NATIONAL_DIGITS && d[0] >= '6' && *groups != '(');
	case PLAN_GERMANY:
		return d[0] == '0' && is_german_mobile(d + 1, n - 1);
	case PLAN_UNKNOWN:
	case PLAN_OTHER:
	case PLAN_COUNT:
		break;
	}
	return false;
}

/* Whether the plan has such numbers behind its country code. */
static bool plan_has(enum plan plan, const char *d, size_t n)
{
	switch (plan) {
	case PLAN_AMERICA:
		return is_american(d, n);
	case PLAN_BRITAIN:
		return n == PHONE_NATIONAL_DIGITS && strchr("1237", d[0]);
	case PLAN_INDIA:
		return n == PHONE_NATIONAL_DIGITS && d[0] >= '6';
	case PLAN_GERMANY:
		return is_german_mobile(d, n);
	case PLAN_UNKNOWN:
	case PLAN_OTHER:
	case PLAN_COUNT:
		break;
	}
	return false;
}

bool phone_has_country(const char *digits, size_t n)
{
	enum plan plan = PLAN_UNKNOWN;
	size_t code = *digits == '1' ? 1 : 2;

	if (n <= PHONE_NATIONAL_DIGITS)
		return false;
	if (*digits == '1')
		plan = PLAN_AMERICA;
	else if (*digits == '4')
		plan = digits[1] == '4' ? PLAN_BRITAIN : digits[1] == '9' ? PLAN_GERMANY : PLAN_UNKNOWN;
	else if (*digits == '9' && digits[1] == '1')
		plan = PLAN_INDIA;
	return plan_has(plan, digits + code, n - code);
}

bool phone_at_home(const char *language, const char *digits, size_t n)
{
	return n > 1 && digits[0] == '0' && digits[1] != '0' && plan_fits(plan_of(language), digits, n, "");
}

/* "702 555 0143" is written so in America, "98765 43210" in India. */
static enum plan plan_shown(const char *d, size_t n, const char *groups)
{
	size_t trunk = has_trunk(d, n);

	if (is_american(d, n) && (!strcmp(groups, "334") || !strcmp(groups, "(334")))
		return PLAN_AMERICA;
	if (n - trunk == PHONE_NATIONAL_DIGITS && d[trunk] >= '6' && (!strcmp(groups, "55") || (trunk && (!strcmp(groups, "65") || !strcmp(groups, "155")))))
		return PLAN_INDIA;
	return PLAN_UNKNOWN;
}

struct phone phone_judge(const char *language, const char *digits, size_t n, const char *groups)
{
	enum plan plan = plan_of(language);
	struct phone p = { .skip = 0 };

	if (plan != PLAN_OTHER && !plan_fits(plan, digits, n, groups)) /* what other plans are like is not known here */
		plan = plan == PLAN_GERMANY ? PLAN_OTHER : plan_shown(digits, n, groups);
	snprintf(p.code, sizeof(p.code), "%s", codes[plan]);
	p.skip = p.code[0] && digits[0] == '0';
	return p;
}

const char *phone_national(const char *value, size_t *code)
{
	size_t n = strlen(value), i, len;

	*code = 0;
	if (*value != '+')
		return n == PHONE_NATIONAL_DIGITS ? value : has_trunk(value, n) || (*value == '0' && is_german_mobile(value + 1, n - 1)) ? value + 1 : NULL;
	for (i = PLAN_AMERICA; i < PLAN_COUNT; i++) {
		len = strlen(codes[i]);
		if (!memcmp(value, codes[i], num_min(n, len)) &&
			(n == len + PHONE_NATIONAL_DIGITS || (i == PLAN_GERMANY && n > len && is_german_mobile(value + len, n - len)))) {
			*code = len;
			return value + len;
		}
	}
	return NULL;
}

bool phone_whole(const char *value)
{
	size_t code;
	const char *national = phone_national(value, &code);

	if (!national || national == value || (code && memcmp(value, codes[PLAN_GERMANY], code) != 0))
		return national != NULL;
	return !is_german_mobile(national, PHONE_NATIONAL_DIGITS) || national[PHONE_NATIONAL_DIGITS]; /* these have ten digits or eleven */
}

bool phone_same(const char *a, const char *b)
{
	size_t code_a, code_b;
	const char *of_a = phone_national(a, &code_a), *of_b = phone_national(b, &code_b);

	if (!of_a || !of_b)
		return !strcmp(a, b);
	return !strcmp(of_a, of_b) && (!code_a || !code_b || (code_a == code_b && !memcmp(a, b, code_a)));
}
