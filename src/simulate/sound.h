/* What the simulated voice's audio is made of: every thirty-two µ-law samples say which sound they belong to and where they
 * stand in it, so that a frame on the wire, or a stretch of a recording, can be told by its bytes alone.
 *
 *   0x55  s s s s  p p p p p p  0x80 …      s: the sound's number, p: block number, four bits a sample, in 0x80..0x8f
 */
#ifndef SIMULATE_SOUND_H
#define SIMULATE_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOUND_BLOCK = 32 };

/* Samples [position, position + samples) of that sound. */
void sound_fill(uint8_t *ulaw, size_t samples, uint32_t sound, uint32_t position);

/* Reads which sound and which position the first sample has; false when there are too few samples, or it is none of ours. */
bool sound_read(const uint8_t *ulaw, size_t samples, uint32_t *sound, uint32_t *position);

#endif
