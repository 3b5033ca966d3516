/* Which addresses lie on the public internet (IANA's special-purpose registries; RFC 6890 and its successors). Pure. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/http_client.h"

struct range {
	uint32_t first;
	unsigned int bits;
};

static const struct range special_4[] = {
	{ 0x00000000, 8 },  /* this network */
	{ 0x0a000000, 8 },  /* private */
	{ 0x64400000, 10 }, /* shared by carriers */
	{ 0x7f000000, 8 },  /* loopback */
	{ 0xa9fe0000, 16 }, /* link-local: clouds keep credentials here */
	{ 0xac100000, 12 }, /* private */
	{ 0xc0000000, 24 }, /* protocol assignments */
	{ 0xc0000200, 24 }, /* documentation */
	{ 0xc0586300, 24 }, /* 6to4 relays */
	{ 0xc0a80000, 16 }, /* private */
	{ 0xc6120000, 15 }, /* benchmarks */
	{ 0xc6336400, 24 }, /* documentation */
	{ 0xcb007100, 24 }, /* documentation */
	{ 0xe0000000, 4 },  /* multicast */
	{ 0xf0000000, 4 },  /* reserved, broadcast */
};

static bool is_public_4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special_4) / sizeof(special_4[0]); i++)
		if (!((address ^ special_4[i].first) >> (32 - special_4[i].bits)))
			return false;
	return true;
}

static uint32_t number_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_public_6(const uint8_t *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t translated[12] = { 0x00, 0x64, 0xff, 0x9b };
	uint32_t head = number_at(a);

	if (!memcmp(a, mapped, 12) || !memcmp(a, translated, 12))
		return is_public_4(number_at(a + 12));
	if (head >> 29 != 1)
		return false; /* not in 2000::/3, what is given to the public */
	if (head >> 9 == 0x20010000u >> 9 || head == 0x20010db8 || head >> 16 == 0x2002 || head >> 12 == 0x3fff0)
		return false; /* protocol assignments with Teredo; documentation; 6to4; documentation */
	return true;
}

bool http_address_is_public(const struct sockaddr *address, void *arg)
{
	(void)arg;
	if (address->sa_family == AF_INET)
		return is_public_4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_public_6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
	return false;
}
