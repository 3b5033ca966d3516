/* G.711: µ-law and A-law, as the telephone network carries sound (8 kHz, one byte a sample, 64 kbit/s).
 *
 * Linear samples are the usual 16-bit ones, the standard's 14-bit (µ-law) and 13-bit (A-law) values shifted left by 2 and 3.
 * Encoding picks the standard's decision interval of the value, as ITU-T G.191's reference does: bits below the standard's
 * resolution are dropped (towards zero), never rounded; codes are as on the wire (µ-law all bits inverted, A-law every second).
 * decode, then encode is the identity on all codes except µ-law 0x7f, "minus zero", which comes back as 0xff. Pure functions over
 * constant tables, no state, any thread, no allocation: fit for the media path. Source: ITU-T G.711 (11/1988), tables 1a to 2b.
 */
#ifndef AUDIO_G711_H
#define AUDIO_G711_H

#include <stddef.h>
#include <stdint.h>

enum g711_law { G711_ULAW, G711_ALAW };

enum {
	G711_RATE_HZ = 8000,
	G711_ULAW_SILENCE = 0xff, /* decodes to 0 */
	G711_ALAW_SILENCE = 0xd5  /* decodes to 8, the nearest A-law has */
};

uint8_t g711_ulaw_encode(int16_t sample);
uint8_t g711_alaw_encode(int16_t sample);
int16_t g711_ulaw_decode(uint8_t code);
int16_t g711_alaw_decode(uint8_t code);

/* `count` samples from `in` to `out`; the two must not overlap. */
void g711_encode(enum g711_law law, uint8_t *out, const int16_t *in, size_t count);
void g711_decode(enum g711_law law, int16_t *out, const uint8_t *in, size_t count);

/* The code of silence, for filling: G711_ULAW_SILENCE or G711_ALAW_SILENCE. */
uint8_t g711_silence(enum g711_law law);

#endif
