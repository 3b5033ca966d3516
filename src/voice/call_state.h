/* The state of a call, for the parts of the core only: call.c, floor.c, endpoint.c, late.c, dialogue.c, stale.c, speech.c, utterance.c, quiet.c, take.c,
 * language.c, snapshot.c, and what they are split into.
 *
 * Plain data: every field is saved by the tables of snapshot_fields.c, nothing points anywhere but into `texts`. A part changes its own
 * struct; what it wants from another part it asks for by one of the functions below.
 */
#ifndef VOICE_CALL_STATE_H
#define VOICE_CALL_STATE_H

#include "base/num.h"
#include "voice/call.h"
#include "voice/words.h"

enum {
	ITEMS_MAX = 4096,          /* history; older turns are forgotten beyond it */
	ITEMS_KEPT = 3072,
	ITEMS_CEILING = 2 * ITEMS_MAX, /* reached only while something old is still in work */
	UTTERANCES_MAX = 24,
	TONGUES_MAX = 8,
	GEN_TOOLS_MAX = 8,
	TOOLS_MAX = 16,            /* running at once */
	SAID_MAX = 8 * 1024,       /* one turn's words */
	ANSWER_MAX = 32 * 1024,    /* one answer's text */
	KEYS_MAX = 32,
	UNENDS_MAX = 2,            /* no call lasts for ever by its caller's last words */
	GAPS_MAX = 4,
	OWED_MAX = 4,              /* finals waited for at once; beyond it the oldest is taken for new when it comes */
	CHUNK_US = 32000
};

/* A piece of the call's texts. */
struct text {
	uint32_t at, len;
};

/* Everything said, heard or asked, in pages that do not move within a step: an output may point at a text while the step adds
 * others. Two neighbouring pages hold more than a page of text, and a loaded call may hold a text twice: room for more than the ceiling. */
enum { TEXT_PAGE = 16 * 1024, TEXT_PAGES = 512 };

enum {
	TEXTS_MAX = 3 << 20,       /* bytes kept; beyond it what nobody refers to is given back, and older turns are forgotten */
	TEXTS_KEPT = TEXTS_MAX / 4 * 3,
	TEXTS_CEILING = TEXTS_MAX + (512 << 10) /* reached only by one turn, or while something old is still in work */
};

struct texts {
	char *pages[TEXT_PAGES];
	uint32_t used; /* bytes, the unused ends of full pages included */
	uint32_t kept; /* bytes of text since the call began or texts were given back, wherever it was saved in between */
};

enum timer {
	TIMER_TURN,       /* endpoint.c: the caller's turn is over */
	TIMER_FINALIZE,   /* endpoint.c: ask the recogniser to finish */
	TIMER_AHEAD,      /* endpoint.c: the end is likely */
	TIMER_NOISE,      /* endpoint_streams.c: there was voice, there are no words */
	TIMER_STT,        /* endpoint_streams.c: voice, and the recogniser says nothing */
	TIMER_STT_RETRY,  /* endpoint_streams.c: open the next stream */
	TIMER_RESUME,     /* floor.c: a held agent goes on */
	TIMER_FILLER,     /* dialogue_clocks.c: the model is slow: say something */
	TIMER_SECOND,     /* dialogue_clocks.c: the model is slow: next attempt */
	TIMER_STALL,      /* dialogue_clocks.c: the model stopped in the middle */
	TIMER_TOTAL,      /* dialogue.c: the answer takes too long */
	TIMER_TOOL,       /* tools_clocks.c: a tool is slow, to be detached, or over its time */
	TIMER_VOICE,      /* speech.c: the voice gives no audio */
	TIMER_PLAY,       /* speech.c: playing was ordered, nothing was sent */
	TIMER_MARK,       /* speech.c: all was sent, the carrier does not say that it was played */
	TIMER_QUIET,      /* quiet.c: nobody speaks */
	TIMER_KEYS,       /* quiet.c: the entry on the keypad is over; take.c: a secret one is */
	TIMER_MAX,        /* quiet.c: the call's time is up */
	TIMER_END,        /* quiet.c: hang up, whatever is left to say */
	TIMER_MEDIA,      /* quiet.c: the media was lost, and no sound has come since */
	TIMER_ANSWERER,   /* answerer.c: who answered is silent, or is not done in time */
	TIMERS
};

struct ear {
	bool voiced;               /* the last chunk held voice */
	bool burst;                /* voice, its short pauses included */
	bool over_agent;           /* the burst began over the agent's words, and not near their end */
	bool unworded;             /* voice has come, and no word since */
	uint64_t burst_us;         /* when it began, */
	uint64_t burst_sample;     /* where, */
	uint64_t voice_us;         /* and how much voice it holds */
	uint64_t counts_us;        /* when the last one began that was voice, and no click */
	uint64_t last_voice_us;    /* when the last voiced chunk came; 0: never */
	uint64_t last_voice_sample; /* where it ended */
	uint64_t last_chunk_us;
	uint64_t end_sample;       /* of the last chunk */
};

#define OWED_TOLD UINT32_MAX

/* Words that were taken from a partial, and whose final may still come. */
struct owed {
	uint64_t from_sample;      /* where the partial began; 0: not known */
	uint64_t to_sample;        /* its final begins before this */
	uint32_t len;              /* of the words, which stand in `used`, one owed after the other */
	uint32_t said_at;          /* where they stand in `said`; OWED_TOLD: in a turn that is over */
};

/* A pause in what was said: words before it may have been said before a question that words behind it answer. */
struct gap {
	uint32_t at;               /* so many bytes stand before it; 0: there is none */
	uint64_t to_sample;        /* where they end */
};

struct listen {
	uint32_t stream;           /* the recogniser stream in force; 0: none yet */
	uint32_t retries;          /* in a row without a transcript */
	bool down;                 /* waiting for TIMER_STT_RETRY */
	struct buf said;           /* final words of this turn */
	struct buf partial;        /* words that may still change */
	uint64_t partial_from;     /* where they begin, */
	uint64_t partial_sample;   /* and end; 0: not known */
	struct buf used;           /* partials that became a turn, or were kept: their finals are still owed, */
	struct owed owed[OWED_MAX]; /* in the order of their sound, what is told first; before call.rules 4 there is none of them */
	uint32_t owed_count;
	bool endpoint;             /* the recogniser called the end */
	bool finalizing;
	uint64_t text_us;          /* when words last changed */
	uint64_t final_us;         /* when the last final came */
	uint64_t final_sample;     /* what the finals cover */
	uint64_t said_sample;      /* and those of them that have words */
	struct gap gaps[GAPS_MAX]; /* the last long pauses in `said`, the first one first */
	uint64_t turn_us;          /* when the last turn ended, */
	uint64_t turn_sample;      /* and where */
	bool waiting;              /* voice has come that no final covers, */
	uint64_t voice_sample;     /* from here on */
	struct words_expect expect; /* what the agent asked for */
	uint64_t again_us;         /* a stream was opened then to hear words of this turn again; 0: none was */
	bool over_agent;           /* the turn was due, and waits for the agent to be done */
	bool reopened;             /* a takeover opened a stream, and none has said anything since */
	bool renewed;              /* and so did a voice to which the stream before said nothing, */
	uint32_t unheard;          /* and this utterance says that it was not understood */
	uint64_t news_us;          /* when the stream in force was opened, or last said anything */
	uint64_t asked_us;         /* when the agent's last question began to be heard; 0: none was, */
	uint64_t sentence_us;      /* and the sentence that he is in the middle of; 0: he is in none */
	uint64_t begun_us;         /* when the sentence that matters began to sound, of an utterance that was held in it, */
	uint32_t begun;            /* and which one that is; 0: none */
	uint32_t expect_by;        /* whose question `expect` is of */
	bool who;                  /* the agent asked whether the caller is somebody, */
	uint32_t who_turn;         /* and this turn said yes: a "speaking" over what the agent says to it belongs to it; 0: none did */
};

enum gen_state { GEN_NONE = 0, GEN_ASKED, GEN_TEXT, GEN_DONE };

struct gen_tool {
	struct text name, args;
};

struct gen {
	enum gen_state state;
	bool ahead;                /* asked, and not released: the end of the turn is only likely */
	bool spoke;                /* some of its text is an utterance */
	bool goes_on;              /* it was asked to go on where an attempt before it broke off */
	bool stale;                /* a result contradicts it: stale.c gives it up */
	uint32_t id, turn, attempt;
	uint32_t base_items;       /* history before it, for throwing it away */
	uint32_t cut;              /* bytes of `answer` that became utterances */
	struct buf answer;
	struct buf asked;          /* ahead: the caller's words it was asked with */
	struct gen_tool tools[GEN_TOOLS_MAX];
	uint32_t tool_count;
	uint64_t text_us;          /* when its last text came */
	uint64_t asked_us;         /* when it was asked for; 0: in a call of before */
};

enum item_flag {
	ITEM_FILLER = 1,
	ITEM_PENDING = 2, /* a result that is still to come */
	ITEM_CHANGES = 4, /* a use that changes something */
	ITEM_UNSEEN = 8,  /* a result, or its event, that no request has had yet, or none that an answer came of; */
	ITEM_ASKED = 16,  /* one had it, and its answer is not there yet */
	ITEM_LATE = 32,   /* a result that is told as unknown, or as not in time, and is known since */
	ITEM_NEWS = 64,   /* that result, or its event: no request has had it yet, and none is made for it alone */
	ITEM_UNDONE = 128 /* that result: nothing was done, and it may be asked for again; of a read: its deadline came first */
};

#define ITEM_LATER "still running, the result will follow" /* the text of a result that is still to come, or came as an event */

struct item {
	uint8_t type;              /* enum block_type */
	uint8_t flags;
	uint8_t status;            /* TOOL_RESULT: what came of it, whatever its text puts off */
	uint32_t turn, index;      /* of an event: the use's whose result it is (before call.rules 4 the call's turn, and 0) */
	struct text name, text;
};

enum tool_state { TOOL_FREE = 0, TOOL_RUNNING, TOOL_DETACHED };

struct tool {
	enum tool_state state;
	bool changes;
	bool moves, waits;          /* it takes the caller away; it has not been asked for: the agent is still heard */
	uint32_t turn, index, item; /* item: its TOOL_RESULT */
	uint32_t timeout_ms;
	uint64_t detach_us, deadline_us;
	struct text name, args;
};

struct dialogue {
	uint32_t turn;             /* the caller's turns so far, */
	uint32_t asides;           /* the last so many of them no more than a word said before a question */
	uint32_t tool_index;       /* tools asked for in this turn */
	uint32_t gens;             /* the last generation's number */
	uint32_t queries;
	uint32_t failures;         /* turns in a row without an answer */
	uint32_t ahead_tries;      /* in this turn */
	uint32_t ahead_bits;       /* the last ten: 1 was of use */
	uint32_t ahead_count;
	bool need_answer;
	bool go_on;                /* it is the rest of what the agent was saying */
	struct text again;         /* what he was saying when the floor was taken, from the beginning of the sentence that was cut */
	bool again_more;           /* and there is more of it that only the model knows */
	uint32_t again_by;         /* the utterance that was cut; 0: none */
	uint32_t again_rest;       /* what stands behind its words begins there */
	enum end_reason again_end; /* the call was ending for this reason; END_CALLER: it was not */
	uint64_t still_us;         /* nobody was heard from then until the turn's end */
	uint32_t stale_turn;       /* in this turn, plus one, an answer was given up because a result contradicts it; 0: in none */
	uint64_t words_us;         /* from a request to its first words that can be spoken, lately: as speech.voice_us; 0: not known */
	bool retry_wait;           /* TIMER_SECOND starts the next attempt of a failed answer */
	uint64_t filler_us;        /* the next filler while tools run; 0: none */
	uint8_t filler_turn, wait_turn; /* which phrase comes next */
	uint8_t tongue;            /* which of the brief's languages is spoken; 0: the first, or there is but one */
	uint8_t tongues_told;      /* a bit each of the others, in which what must be disclosed was said */
	struct gen gen;
	struct tool tools[TOOLS_MAX];
	struct item *items;
	uint32_t item_count, item_cap;
	struct text knowledge;     /* for the next request */
	struct buf query;          /* the words last looked up */
};

enum utterance_state { UTTERANCE_FREE = 0, UTTERANCE_WAITS, UTTERANCE_MADE, UTTERANCE_PLAYS, UTTERANCE_CUT };
enum utterance_kind { SAY_ANSWER = 0, SAY_FILLER, SAY_PROMPT, SAY_GREETING, SAY_GOODBYE, SAY_KEYS };

struct utterance {
	enum utterance_state state;
	enum utterance_kind kind;
	bool whole;                /* not to be interrupted */
	bool done;                 /* all of its audio is there */
	bool exact;
	bool sent;                 /* this take's first frame went out */
	bool cleared;              /* this take was cleared at the carrier */
	bool anchored;             /* a mark of this take has come */
	bool stale;                /* a result contradicts the answer that it is of */
	uint32_t id, turn, item;
	uint32_t gen;              /* whose text it is; 0: no answer */
	uint8_t tongue;            /* the language that it was said in: it stays that, also when the call has gone on to another one */
	uint32_t take;             /* counts syntheses and playings alike */
	uint32_t synth_take;       /* the take its audio belongs to */
	uint32_t attempts;
	uint32_t play_tries;
	uint32_t samples;          /* of audio there is */
	uint32_t played;           /* the carrier has surely played so many */
	uint32_t from;             /* this take plays from here */
	uint32_t anchor;           /* the last mark's samples, */
	uint64_t anchor_us;        /* and when it came */
	uint64_t made_us;          /* synthesis was ordered */
	uint64_t audio_us;         /* the last audio came */
	uint64_t play_us;          /* playing was ordered */
	uint32_t sent_at;          /* sending began, or began again after it had run dry, at this sample, */
	uint64_t sent_us;          /* then */
	uint64_t bound_us;         /* no mark of this take can come sooner: what was queued before it; 0: nothing was */
	uint64_t cut_us;
	struct text keys;          /* SAY_KEYS: what is sent; `text` is what is told of it */
	struct text text;
	uint16_t word_count;
	struct speech_word words[INPUT_WORDS_MAX];
};

struct speech {
	uint32_t utterances;       /* the last one's number */
	bool held;
	uint64_t held_us;
	uint64_t voice_us;         /* from a text to its first audio, lately: as the slowest at once, from there a quarter down each time; 0: not known */
	uint64_t lag_us;           /* the shortest way seen from a frame's sending to its mark, plus one; 0: not known */
	uint8_t order[UTTERANCES_MAX]; /* slots in speaking order; cut ones are not in it */
	uint8_t count;
	bool none_cut; /* no slot is UTTERANCE_CUT: found out anew when a call is loaded */
	struct utterance slots[UTTERANCES_MAX];
};

enum milestone { AT_SPEECH_END, AT_TURN, AT_TRANSCRIPT, AT_TOKEN, AT_SPEAKABLE, AT_AUDIO, AT_SENT, AT_PLAYED, MILESTONES };

enum { BREAKS_MAX = 3 };

struct quiet {
	bool prepared, started, lost, ending, final, ended;
	enum end_reason reason;
	uint32_t prompts;
	uint8_t prompt_turn, unheard_turn, apology_turn;
	bool broken;               /* the floor was taken, and no words have come of it yet: what the agent was saying was not said to its end */
	uint8_t breaks;            /* so often since the caller's last words was he asked to go on all the same */
	bool aside;                /* a word of before the agent's question came alone, and nothing was said since: he asks again, sooner than else */
	bool parted;               /* the agent has said his goodbye, and the end was postponed: he needs no other one */
	uint8_t unends;            /* so often a word that waited for the goodbye to be over took the end back */
	bool relented;             /* a voice without words took back the goodbye to who was not heard: none does so again */
	uint64_t end_us;           /* no last words are waited for beyond it; 0: the call is not ending */
	bool is_back;              /* the media was lost and came back, and no sound has come since */
	char keys[KEYS_MAX];
	uint8_t key_count;
};

/* A secret number that is keyed in. Its tool waits in dialogue.tools meanwhile. */
struct take {
	bool open;
	uint32_t entries;          /* the last one's number */
	uint8_t least, most;       /* digits that are wanted, */
	uint8_t count;             /* and those that were pressed */
	uint64_t due_us;           /* it is over then, whatever was pressed */
	uint64_t since_us;         /* the last key, or the agent's last word */
	uint64_t voice_us;         /* voice since the last key, or pause */
	uint64_t voice_at_us;      /* when the last of it came */
	uint64_t deaf_us;          /* it was closed: the last key's tone sounds until then */
	bool reminded;             /* its first key was asked for once more */
	uint8_t keys_turn;         /* with this phrase the next time */
	bool shut;                 /* it has failed, and the caller has said nothing since: what he keys in all the same stays hidden */
};

enum answerer_state { ANSWERER_NONE = 0, ANSWERER_OPEN, ANSWERER_PERSON, ANSWERER_MACHINE, ANSWERER_LEAVING, ANSWERER_SCREEN, ANSWERER_STATES };

struct answerer {
	enum answerer_state state;
	bool by_length;            /* a machine by nothing but its long opening */
	bool toned;                /* it has beeped */
	uint64_t begun_us;         /* the call was answered */
	uint64_t state_us;         /* since when it is that, or is heard again; */
	uint64_t heard_sample;     /* what lies before this was said before that */
	uint64_t waits_us;         /* amd.wait_ms counts from here */
	uint64_t opening_us;       /* the first voice */
	uint64_t voice_us;         /* so much of it */
	uint8_t agains, tellings;  /* so often the message began anew, our purpose was told */
};

struct call {
	struct call_settings settings;
	struct brief brief;
	enum call_guard sabotage;
	uint64_t now_us;
	uint64_t wake_us;          /* the last OUT_WAKE */
	uint64_t timers[TIMERS];   /* 0: off */
	uint64_t at[MILESTONES];   /* of the current turn; 0: not yet */
	bool measured;
	struct ear ear;
	struct listen listen;
	struct dialogue dialogue;
	struct speech speech;
	struct quiet quiet;
	struct answerer answerer;
	struct take take;
	struct texts texts;
	/* the step's scratch, not part of the state */
	bool timers_moved; /* since wake() looked */
	enum err err;
	size_t output_count;
	struct call_output outputs[OUTPUT_MAX];
	struct request_block *blocks; /* of every OUT_ASK of the step */
	size_t block_count, block_cap;
	struct buf scratch;
};

/* call.c: what every part uses */
struct call_output *call_put(struct call *call, enum output_type type); /* zeroed */
void call_note(struct call *call, enum note note, uint32_t index, uint64_t number);
void call_note_text(struct call *call, enum note note, uint32_t index, uint64_t number, struct text text);
struct text call_keep(struct call *call, const void *text, size_t len); /* copies into texts */
struct text call_restore(struct call *call, const void *text, size_t len); /* that was kept before the call was saved */
struct text call_keep_str(struct call *call, const char *text);
const char *call_text(const struct call *call, struct text text);
uint32_t texts_live(struct call *call);  /* bytes that are referred to; a text counts as often as it is */
void texts_compact(struct call *call);   /* between steps: what nobody refers to is given back */
void timer_set(struct call *call, enum timer timer, uint64_t at_us);
void timer_in(struct call *call, enum timer timer, int64_t ms);
void timer_stop(struct call *call, enum timer timer);
bool timer_runs(const struct call *call, enum timer timer);
bool guarded(const struct call *call, enum call_guard guard); /* the guard is in force */

/* floor.c: who speaks */
void floor_voice(struct call *call, uint64_t level, uint64_t position);
void floor_words(struct call *call, const char *text, size_t len); /* words came; may yield */
bool floor_near_end(const struct call *call);
void floor_yield(struct call *call, enum yield_why why);
void floor_resume(struct call *call);
bool floor_caller(const struct call *call); /* the caller has, or may be taking, the floor */

/* endpoint.c: what the caller says, and when the turn is over */
void endpoint_attached(struct call *call);
void endpoint_update(struct call *call); /* sets the timers anew */
void endpoint_keys(struct call *call, const char *keys, size_t count);
void endpoint_keys_put(struct buf *words, const char *keys, size_t count); /* as a turn has them, behind the words before them */
void endpoint_settle(struct call *call); /* what a machine said before it records */
struct words_expect endpoint_asked(const struct call *call, struct text said); /* what these words of the agent's ask for, by the call's rules */
struct buf *endpoint_said(struct call *call, const char *text, size_t len); /* the turn's final words and these behind them, in scratch */
bool endpoint_words(const struct call *call); /* there are words that are no turn yet */
bool endpoint_wants(struct call *call); /* and they are more than a nod or a farewell */
void endpoint_timer(struct call *call, enum timer timer);

/* endpoint_streams.c: recogniser streams, and voice that no words come of */
void endpoint_listen(struct call *call, uint64_t from_sample); /* a new one, which hears from there on */
void endpoint_down(struct call *call, uint32_t stream);
void endpoint_voice(struct call *call, uint64_t position);
void endpoint_noise(struct call *call); /* sets TIMER_NOISE anew */
void endpoint_stream_timer(struct call *call, enum timer timer); /* TIMER_NOISE, TIMER_STT, TIMER_STT_RETRY */

/* endpoint_transcript.c: what the stream in force says */
void endpoint_transcript(struct call *call, const struct call_input *in);
bool endpoint_nods(const struct call *call, const char *text, size_t len); /* words that are no interruption, whoever speaks */

/* late.c: finals that come late, or never */
void late_append(struct buf *words, const char *text, size_t len); /* behind what is there */
void late_keep(struct call *call, const struct call_input *in);    /* a partial that these words stand behind is as good as final */
void late_cut(struct call *call, uint32_t n); /* the first bytes of the words so far are a turn of their own */
bool late_used(struct call *call); /* the words so far are a turn; true: the last of them are a partial, whose final is owed */
size_t late_owed(struct call *call, const struct call_input *in);  /* how many bytes of this final were said already, in a turn that is over */
enum late_final { LATE_NEW, LATE_KNOWN, LATE_REPLACED };
enum late_final late_kept(struct call *call, const struct call_input *in, const char *text, size_t len); /* of words that were kept in this turn? */
void late_wipe(struct call *call, const struct call_input *in);    /* the partial, unless it stands behind this final */
bool late_fine(const struct call *call); /* what was loaded */
uint32_t late_gap_last(const struct listen *l); /* so many bytes of `said` stand before the last pause; 0: there is none */
void late_gap(struct call *call, uint64_t from_sample); /* before words that begin there are put to `said` */

/* dialogue.c: generations */
void dialogue_turn(struct call *call, struct text words);
void dialogue_key(struct call *call); /* one is pressed */
void dialogue_aside(struct call *call, struct text words, bool answer); /* said before the agent's question; or no answer to it */
void dialogue_owed(struct call *call);    /* results that no request has had are asked about now */
void dialogue_unbreak(struct call *call); /* voice without words took the floor, and is over: the agent goes on */
void dialogue_ask(struct call *call, enum ask_kind kind, uint32_t attempt);
void dialogue_cancel(struct call *call);  /* the generation is over, and the model is told so */
void dialogue_clear(struct call *call);   /* the generation is over */
void dialogue_unseen(struct call *call);  /* the results that its request had are owed as before */
void dialogue_yield(struct call *call);
void dialogue_advance(struct call *call);
bool dialogue_idle(const struct call *call);      /* nothing asked, nothing running, nothing owed */
bool dialogue_asked(const struct call *call);     /* the model is at a released answer, or about to be asked for it again */
bool dialogue_answering(const struct call *call); /* the agent owes, or is about to give, an answer that is released */
void dialogue_model(struct call *call, const struct call_input *in);
void dialogue_timer(struct call *call, enum timer timer);
void dialogue_attached(struct call *call);
void dialogue_end(struct call *call);

/* again.c: what is said again when nobody understood why the agent was interrupted */
void again_keep(struct call *call);   /* the floor is taken */
void again_heard(struct call *call, const struct utterance *u); /* more of it was, as a late mark tells */
void again_forget(struct call *call);
bool again_ends(const struct call *call);   /* they were his last words, and no words of the caller's have come since */
bool again_parted(const struct call *call); /* … and they were heard to their end: nothing is left but to end the call */
bool again_say(struct call *call);    /* false: there is nothing */

/* stale.c: what is not heard yet of an answer that a result contradicts */
bool stale_result(struct call *call, uint32_t result); /* of the tool that has its place there; false: nothing is said, or about to be, that does not know it */
void stale_advance(struct call *call); /* gives up what is to be, once it can be */
bool stale_waits(struct call *call); /* something is to be given up when the agent, who is held, goes on */

/* ahead.c: asking before the turn is over, and what is looked up for it */
void dialogue_ahead(struct call *call);
void dialogue_discard(struct call *call); /* the generation asked ahead */
void dialogue_release(struct call *call); /* the turn ended with its words */
void dialogue_words_changed(struct call *call);
void dialogue_inform(struct call *call);  /* what was looked up goes into the history */
void dialogue_knowledge(struct call *call, const struct call_input *in);
void dialogue_retrieve(struct call *call);

/* dialogue_clocks.c: when something is to be said or asked again */
void dialogue_clocks(struct call *call, enum ask_kind kind); /* of an answer that is asked for, or released, now */
void dialogue_stall(struct call *call, uint64_t soonest_us); /* text came, or was all said: no more of it would be a stall */
void dialogue_silence(struct call *call); /* everything there was to say is said */
void dialogue_hurry(struct call *call, struct call_output *ask); /* this answer is to be short when it would come behind the turn's budget */
void dialogue_begun(struct call *call); /* the answer has its first words that can be spoken */
uint64_t dialogue_silent_us(const struct call *call); /* the agent, who has said nothing to the turn, says something then; UINT64_MAX: he has */

/* history.c: items and requests */
uint32_t history_add(struct call *call, enum block_type type, struct text text);
uint32_t history_agent(struct call *call, struct text text, bool filler);
uint32_t history_insert(struct call *call, uint32_t at, const struct item *item);
uint32_t history_end(const struct call *call); /* here stands what is said and done next: before the late results that no request has had */
bool history_unseen(const struct call *call);  /* there is a result that no request has had, */
bool history_owes(const struct call *call, uint32_t from); /* from that item on */
bool history_put_off(const struct call *call, const struct item *result); /* it reads as still to come: ITEM_LATER */
bool history_spoken(const struct call *call, uint32_t item); /* the agent has said something behind it, and that was no filler */
void history_remove(struct call *call, uint32_t at);
void history_trim(struct call *call);
size_t history_request(struct call *call, uint32_t count); /* appends the blocks of the first `count` items to the step's; returns how many */
uint64_t history_digest(const struct request_block *blocks, size_t count);

/* tools.c, tools_commit.c, tools_clocks.c: what the model asked to be done */
bool tools_open(const struct call *call);    /* one that has no result yet */
bool tools_running(const struct call *call); /* one that the next answer waits for */
void tools_commit(struct call *call);        /* what the released generation asked for */
bool tools_change(const struct call *call);   /* one of these changes something */
void tools_result(struct call *call, const struct call_input *in);
void tools_due(struct call *call);
void tools_filler(struct call *call);        /* one that is due */
void tools_turn(struct call *call);          /* the caller's turn is over, and one still runs */
void tools_move(struct call *call);          /* what takes the caller away is asked for, once the agent has been heard */
void tools_spare(struct call *call);         /* the caller speaks: what runs goes on */
void tools_attached(struct call *call);
void tools_keys_over(struct call *call, bool heard); /* the keys that were being sent */
void tools_taken(struct call *call); /* the secret number is keyed in: who holds the digits is asked for them */
void tools_untaken(struct call *call, const char *text); /* it is not; why */

/* speech.c, utterance.c: what the agent says: queued, sent, played, heard */
void speech_say(struct call *call, enum utterance_kind kind, const char *text, size_t len, bool whole);
bool speech_keys(struct call *call, const char *keys, size_t len); /* as tones; false: there is no room */
void speech_phrase(struct call *call, enum utterance_kind kind, const struct brief_phrases *phrases, uint8_t *turn);
void speech_cut(struct call *call, bool flush); /* the generation's text into utterances */
void speech_news(struct call *call, const struct call_input *in);
void speech_failed(struct call *call, const struct call_input *in);
void speech_sent(struct call *call, const struct call_input *in);
void speech_played(struct call *call, const struct call_input *in);
void speech_hold(struct call *call);
void speech_resume(struct call *call);
void speech_drop(struct call *call);                   /* everything unheard; history keeps what was heard */
void speech_drop_gen(struct call *call, uint32_t gen); /* unplayed utterances of a generation that was thrown away */
void speech_drop_waits(struct call *call, bool begun); /* when no tool is open: their fillers, those that are not to be played yet, or all */
void speech_released(struct call *call, uint32_t gen); /* what was made ahead may be played, as part of this turn */
void speech_advance(struct call *call);
void speech_timer(struct call *call, enum timer timer);
void speech_attached(struct call *call);
uint32_t speech_oldest_item(const struct call *call); /* that an utterance stands for; UINT32_MAX: none */
bool speech_unreleased(const struct call *call);      /* all there is to say belongs to an answer that may be thrown away */
uint32_t speech_head(const struct call *call); /* the number of the utterance that is being said; 0: none */
bool speech_idle(const struct call *call);    /* nothing queued, nothing playing */
bool speech_audible(const struct call *call); /* the caller hears the agent, or is about to within a frame */
bool speech_begun(const struct call *call);   /* some of it is at the carrier, or was until it was held */
bool speech_greets(const struct call *call);  /* what is being said, or is next, is the greeting */
bool speech_whole(const struct call *call);   /* what is being said may not be interrupted */
uint64_t speech_left_us(const struct call *call); /* until everything queued is played, as far as known */
void speech_item_moved(struct call *call, uint32_t from); /* history grew by one at `from` */
void speech_item_gone(struct call *call, uint32_t at);
void speech_items_forgotten(struct call *call, uint32_t count); /* the first so many are gone */

/* quiet.c: nobody speaks, the keypad, the call's time, the end */
void quiet_greet(struct call *call);    /* with what is said first */
void quiet_start(struct call *call);    /* the phone rings */
void quiet_answered(struct call *call); /* the media is there */
void quiet_digit(struct call *call, uint64_t digit);
void quiet_order(struct call *call, const struct call_input *in);
void quiet_media_lost(struct call *call);
void quiet_attached(struct call *call);
void quiet_sound(struct call *call); /* of the caller's line, be it silence */
void quiet_end(struct call *call, enum end_reason reason, bool final, bool phrase);
void quiet_end_after_all(struct call *call, bool final, bool phrase); /* as it would have, had no voice without words come (again_ends) */
void quiet_put_off(struct call *call); /* the floor was taken from last words: a voice has call.end_ms to become words */
void quiet_end_clock(struct call *call); /* from now on the time for the last words counts */
void quiet_said(struct call *call); /* some of what the agent says went out, or was played: while he does not stand still, his last words have their time */
bool quiet_noisy(const struct call *call); /* voices without words have taken the floor so often that they take it no more */
void quiet_unend(struct call *call); /* the caller goes on talking after our goodbye */
bool quiet_lets_go(const struct call *call); /* the agent says goodbye because nobody is heard */
bool quiet_relent(struct call *call); /* a voice without words came over that goodbye, or behind it: true, once a call: it is taken back, as if nobody had been asked yet */
void quiet_hangup(struct call *call, enum end_reason reason);
void quiet_advance(struct call *call);
void quiet_timer(struct call *call, enum timer timer);
void quiet_words(struct call *call); /* the caller said something */

/* take.c: a secret number by keypad */
const char *take_begin(struct call *call, struct text args); /* NULL, or why it cannot be */
bool take_hears(const struct call *call); /* it is open, or was until a moment ago: voice is no speech */
void take_key(struct call *call, uint64_t digit);
void take_voice(struct call *call, uint64_t level, uint64_t position);
void take_advance(struct call *call);
void take_due(struct call *call);
void take_shut_key(struct call *call); /* a key whose number nobody takes any more */
void take_words(struct call *call); /* the caller has said something: keys are keys again */
void take_attached(struct call *call);
void take_stop(struct call *call, const char *why); /* it has failed: the tool's result; fine when none is open */
void take_close(struct call *call); /* its tool is settled, or asked for */

/* answerer.c: who answered a call that we placed */
void answerer_begin(struct call *call);
void answerer_voice(struct call *call); /* a chunk of the caller's line */
void answerer_words(struct call *call, const char *text, size_t len); /* of the turn that is being said */
void answerer_tone(struct call *call, const struct call_input *in);
void answerer_told(struct call *call, const char *who, size_t len); /* by the carrier */
bool answerer_turn(struct call *call, const char *text, size_t len); /* a turn is over; true: its words want no answer of the model's */
void answerer_answer(struct call *call);  /* a turn ended that does */
void answerer_yielded(struct call *call); /* the floor was taken */
void answerer_advance(struct call *call);
void answerer_timer(struct call *call);
void answerer_lost(struct call *call);
void answerer_end(struct call *call); /* whoever it was */
void answerer_attached(struct call *call);
bool answerer_holds(const struct call *call);   /* what the agent has to say is made, and waits */
bool answerer_machine(const struct call *call); /* it is said to a machine */
bool answerer_busy(const struct call *call);    /* who answered is waited for, not spoken with */
bool answerer_heard(const struct call *call, uint64_t to_sample); /* words up to there were over before the agent began: no reason to interrupt */
bool answerer_nods(const struct call *call, const char *text, size_t len); /* a greeting over ours, before any answer: it asks for nothing */
bool answerer_greets(const struct call *call);  /* the greeting is said to a person who has said nothing since he was known for one: it answers all his words */

/* language.c: a call in several languages */
void language_name(const struct call *call, uint8_t tongue, struct call_output *out); /* tells the session which one an output is of */
void language_remind(struct call *call); /* the history was cut at its head */
/* What the tool's arguments wish; returns what the model is told of it. */
struct text language_switch(struct call *call, struct text args, enum tool_status *status);

/* measure.c: the latency parts of a turn */
void measure_turn(struct call *call, uint64_t enough_us); /* the caller's turn ends now; since enough_us only the transcript was waited for */
void measure_ahead(struct call *call); /* an answer is asked for before that */
void measure_given_up(struct call *call); /* the answer so far, before it was heard */
void measure_at(struct call *call, enum milestone milestone);

/* snapshot.c */
void texts_each(struct call *call, void (*each)(struct text *text, void *arg), void *arg); /* that a snapshot would hold */

#endif
