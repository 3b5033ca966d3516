/* What a provider was used for, as a line. */
#include "voice/shipping/timeline_state.h"

#include "base/json.h"
#include "base/prices.h"
#include "voice/journal/usage_record.h"

/* Other meters are the call's totals: its end has what people want of them. Costs are in picos (base/prices.h): null where there is no price. */
void telling_usage(struct telling *t, const void *payload, size_t len)
{
	struct record_usage r;
	struct usage u;
	uint64_t picos;
	struct buf *b;

	if (record_usage_decode(&r, payload, len))
		return;
	u = record_usage_of(&r);
	b = telling_open(t, "usage", r.at_us);
	json_pair_u64(b, "turn", r.turn);
	json_pair_string(b, "what", usage_what_name((enum usage_what)r.what));
	json_pair_u64(b, "index", r.index);
	json_pair_bool(b, "wasted", r.is_wasted);
	json_pair_string(b, "vendor", r.vendor);
	json_pair_string(b, "model", r.model);
	json_pair_string(b, "provider", r.member);
	json_pair_bool(b, "estimated", r.is_estimated);
	json_put_key(b, "units");
	json_open(b, '{');
	for (unsigned int i = 0; i < USAGE_UNITS; i++)
		if (r.units[i])
			json_pair_u64(b, usage_unit_name((enum usage_unit)i), r.units[i]);
	json_close(b, '}');
	json_pair_string(b, "prices", r.prices);
	json_put_key(b, "picos");
	if (prices_cost(&u, r.prices, &picos))
		json_put_u64(b, picos);
	else
		json_put_null(b);
	telling_close(t);
}
